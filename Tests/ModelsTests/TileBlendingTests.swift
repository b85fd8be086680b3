import Tensor
import Testing

@testable import Models

/// Tiles put together against the definition, element by element.
@Suite struct TileBlendingTests {
  /// Tiles of numbers that depend on where the tile is and on the place within it.
  private struct Tiles {
    let geometry: TileGeometry
    let (frames, height, width): (Int, Int, Int)

    func size(_ row: Int, _ column: Int) -> (height: Int, width: Int) {
      let (top, left) = (geometry.starts(of: height, .vertical)[row], geometry.starts(of: width, .horizontal)[column])
      return (min(geometry.height, height - top), min(geometry.width, width - left))
    }

    func own(_ row: Int, _ column: Int, _ place: [Int]) -> Float {
      let number = ([row, column] + place).reduce(17) { ($0 &* 31 &+ $1) & 0xFFFF }
      return Float(number) / 0x8000 - 1
    }

    /// An element after the fades from the tile above and from the one on the left.
    func blended(_ row: Int, _ column: Int, _ frame: Int, _ y: Int, _ x: Int, _ channel: Int) -> Float {
      var value = own(row, column, [frame, y, x, channel])
      func fade(_ distance: Int, over extent: Int, from other: @autoclosure () -> Float) {
        guard distance < extent else { return }
        let weight = Float(distance) / Float(extent)
        value = other() * (1 - weight) + value * weight
      }
      if row > 0 {
        let above = size(row - 1, column).height
        let extent = min(above, size(row, column).height, geometry.blend(.vertical))
        fade(y, over: extent, from: blended(row - 1, column, frame, above - extent + y, x, channel))
      }
      if column > 0 {
        let before = size(row, column - 1).width
        let extent = min(before, size(row, column).width, geometry.blend(.horizontal))
        fade(x, over: extent, from: blended(row, column - 1, frame, y, before - extent + x, channel))
      }
      return value
    }

    func tile(_ row: Int, _ column: Int) -> Tensor {
      let size = size(row, column)
      var values: [Float] = []
      for frame in 0..<frames {
        for y in 0..<size.height {
          for x in 0..<size.width {
            for channel in 0..<3 { values.append(own(row, column, [frame, y, x, channel])) }
          }
        }
      }
      return Tensor(values, shape: [frames, size.height, size.width, 3])
    }
  }

  @Test(arguments: [(8, 8, 19, 23), (8, 4, 8, 9), (4, 12, 7, 40), (12, 8, 25, 5)])
  func `every place fades from the tile above, then from the one on the left`(
    height: Int, width: Int, frameHeight: Int, frameWidth: Int
  ) throws {
    var geometry = TileGeometry(height: height, width: width, compression: 1)
    (geometry.verticalOverlap, geometry.horizontalOverlap) = (0.5, 0.25)
    let tiles = Tiles(geometry: geometry, frames: 2, height: frameHeight, width: frameWidth)
    let columns = geometry.starts(of: frameWidth, .horizontal).count
    var number = 0
    let latents = Tensor.host([2, frameHeight, frameWidth, 1], .float32)
    latents.withMutableSpan(of: Float.self) { for index in $0.indices { $0[index] = 0 } }
    let result = try geometry.decode(latents, frames: 2) { tile, _ in
      defer { number += 1 }
      let own = tiles.tile(number / columns, number % columns)
      #expect(own.shape.dimensions.dropLast() == tile.shape.dimensions.dropLast())
      return own
    }.floats()
    for frame in 0..<2 {
      for y in 0..<frameHeight {
        for x in 0..<frameWidth {
          let (kept, keptWidth) = (geometry.kept(.vertical), geometry.kept(.horizontal))
          let (row, column) = (y / kept, x / keptWidth)
          for channel in 0..<3 {
            let wanted = tiles.blended(row, column, frame, y - row * kept, x - column * keptWidth, channel)
            #expect(result[((frame * frameHeight + y) * frameWidth + x) * 3 + channel] == wanted)
          }
        }
      }
    }
  }
}
