import Attention
import Foundation
import Synchronization
import Tensor

/// Tile lists in the memory of a GPU.
struct CUDATileTables {
  /// ``CUDATileLists/groups``, int32.
  let groups: Tensor
  /// ``CUDATileLists/entries``, int32.
  let entries: Tensor
  /// `[1]`, int32: zero between launches.
  let counter: Tensor
  /// `[1 + H·groups]`, int32: how many items a quick softmax left to the kernel after it, none between attentions, and
  /// which.
  let repeats: Tensor
  let groupCount: Int
}

// Attention for head dimensions of 64 and 128: see `attention/parameters.cuh` for the form of tiles and lists.
extension CUDADevice {
  /// The tile kernels that take heads of this dimension, if there are any.
  func tileKernels(dimension: Int) -> CUDATileKernels? {
    CUDATileKernels(dimension: dimension, architecture: properties.architecture)
  }

  /// Normalizes, rotates and places heads as tiles.
  /// - Returns: `[3, H, rows, D]`, private to the tile kernels.
  func prepareTiles(
    _ projection: AttentionProjection, patterns: Tensor, _ choice: CUDATileKernels
  ) throws -> Tensor {
    let geometry = tileGeometry(projection.layout, heads: projection.heads, choice)
    let packed = try makeTensor([3, projection.heads, geometry.rows, choice.dimension], activationType)
    try kernels.launch(
      choice.prepare.name, in: choice.prepare.source,
      choice.prepareLaunch(packedRows: geometry.rows, heads: projection.heads)
    ) {
      $0.geometry(geometry)
      $0.pointer(patterns.deviceAddress)
      $0.segment(projection.video)
      $0.segment(projection.text)
      $0.pointer(packed.deviceAddress)
      $0.int(choice.preparedHeadsAtOnce(heads: projection.heads))
      // The kernels' softmax is one in powers of two.
      $0.float(projection.scale * Float(1 / M_LN2))
    }
    return packed
  }

  /// Softmax attention over the bands of `masks`.
  func attendTiles(_ heads: CUDAHeads, masks: PatternMasks, _ choice: CUDATileKernels) throws -> Tensor {
    let count = heads.heads
    let geometry = tileGeometry(heads.layout, heads: count, choice)
    let halfWidths = [masks.spatial.band?.halfWidth, masks.temporal.band?.halfWidth]
    let tables = try tileTables(
      CUDATileLists.Recipe(layout: heads.layout, halfWidths: halfWidths, groupRows: choice.groupRows), heads: count)
    let result = try makeTensor([heads.layout.sequenceLength, count * choice.dimension], activationType)
    let float8 = heads.scales == nil ? nil : choice.float8
    let (items, multiprocessors) = (count * tables.groupCount, properties.multiprocessors)
    let launch =
      float8?.attendLaunch(items: items, multiprocessors: multiprocessors)
      ?? choice.attendLaunch(items: items, multiprocessors: multiprocessors)
    for kernel in float8?.attend ?? choice.attend {
      try kernels.launch(kernel.name, in: kernel.source, launch) {
        $0.geometry(geometry)
        $0.pointer(heads.patterns.deviceAddress)
        $0.parts(heads.packed)
        $0.pointer(result.deviceAddress)
        for table in [tables.groups, tables.entries, tables.counter, tables.repeats] { $0.pointer(table.deviceAddress) }
        $0.int(tables.groupCount)
        for width in halfWidths { $0.int(width ?? 0) }
        $0.align(8)
        if let scales = heads.scales {
          $0.pointer(scales.queries.deviceAddress)
          $0.pointer(scales.heads.deviceAddress)
        }
      }
    }
    return result
  }

  /// Attends sampled rows three times in one pass over the keys, and chooses.
  /// - Parameter spatial: The patterns of heads that are all spatial.
  func profileTiles(
    _ projection: AttentionProjection, rows: [VideoIndex<FrameMajor>], bands: BandPair, spatial: Tensor,
    _ choice: CUDATileKernels, into profile: CUDAProfile
  ) throws {
    let heads = projection.heads
    let packed = try prepareTiles(projection, patterns: spatial, choice)
    let geometry = tileGeometry(projection.layout, heads: heads, choice)
    let splits = choice.profileSplits(packedRows: geometry.rows)
    let samples = try integers(rows.map(\.value))
    let scratch = try makeTensor(
      [choice.profileScratch(rows: rows.count, heads: heads, splits: splits)], .float32)
    for (kernel, launch) in [
      (choice.profile, choice.profileLaunch(rows: rows.count, heads: heads, splits: splits)),
      (choice.combine, CUDALaunch.rows(heads, threads: 1024)),
    ] {
      try kernels.launch(kernel.name, in: kernel.source, launch) {
        $0.geometry(geometry)
        $0.parts(packed)
        $0.pointer(samples.deviceAddress)
        $0.pointer(scratch.deviceAddress)
        $0.pointer(profile.means.deviceAddress)
        $0.pointer(profile.patterns.deviceAddress)
        $0.int(rows.count)
        $0.int(splits)
        $0.int(bands.spatial.halfWidth)
        $0.int(bands.temporal.halfWidth)
      }
    }
  }

  func tileGeometry(_ layout: TokenLayout, heads: Int, _ choice: CUDATileKernels) -> CUDAGeometry {
    CUDAGeometry(layout, heads: heads, dimension: choice.dimension, blockSize: CUDATileLists.tileRows)
  }

  /// Lists in the memory of the GPU: those used last are kept, so that layers and steps share them.
  private func tileTables(_ recipe: CUDATileLists.Recipe, heads: Int) throws -> CUDATileTables {
    let found = tileTables.withLock { tables in tables.first { $0.recipe == recipe && $0.heads == heads }?.tables }
    if let found { return found }
    let lists = CUDATileLists(recipe)
    let made = CUDATileTables(
      groups: try upload(Tensor(lists.groups, shape: [lists.groups.count]), as: .int32),
      entries: try upload(
        Tensor(lists.entries.map { Int32(bitPattern: $0) }, shape: [lists.entries.count]), as: .int32),
      counter: try integers([0]),
      repeats: try integers([Int](repeating: 0, count: 1 + heads * lists.groupCount)), groupCount: lists.groupCount)
    tileTables.withLock { tables in
      if tables.count >= 4 { tables.removeFirst() }
      tables.append((recipe, heads, made))
    }
    return made
  }
}
