import Tensor

extension TileGeometry {
  /// Decodes frames tile by tile and blends the tiles, each while the next is decoded.
  /// - Parameters:
  ///   - latents: `[F', h, w, C]`, float32, in the processor's memory.
  ///   - frames: Frames of pixels that they decode to.
  ///   - share: The part of the whole work that this is.
  ///   - decodeTile: Decodes a part of every frame to `[F, H, W, 3]`, float32, in the processor's memory; gets the tile and
  ///     the part of the whole work that it is.
  /// - Returns: `[F, H, W, 3]`, float32.
  func decode(
    _ latents: Tensor, frames: Int, share: WorkShare = .all,
    decodeTile: (_ tile: Tensor, _ share: WorkShare) throws -> Tensor
  ) throws -> Tensor {
    let (height, width) = (latents.shape[1], latents.shape[2])
    let (tops, lefts) = (starts(of: height, .vertical), starts(of: width, .horizontal))
    let blender = BackgroundWork(
      TileBlender(
        geometry: self, frames: frames, height: height * compression, width: width * compression, channels: 3))
    for (row, top) in tops.enumerated() {
      for (column, left) in lefts.enumerated() {
        let tile = latents.cropped(
          rows: top..<min(height, top + latentHeight), columns: left..<min(width, left + latentWidth))
        let decoded = try decodeTile(
          tile, share.part(row * lefts.count + column, of: tops.count * lefts.count))
        blender.change { $0.add(decoded, row: row, column: column) }
      }
    }
    return blender.finished().result
  }
}
