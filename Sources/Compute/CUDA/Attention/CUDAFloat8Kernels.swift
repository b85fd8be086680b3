/// How heads of 128 elements are rounded to e4m3 and attended on Hopper: see `attention/float8.cuh` for their form.
struct CUDAFloat8Kernels: Hashable, Sendable {
  /// `D`.
  static let dimension = 128
  /// Tiles that one block measures.
  private static let measuredTiles = 8
  /// Floats that measuring a part of a head leaves: four for each channel.
  private static let measures = 4 * dimension
  /// Floats that are known of a head: the mean of each channel of the keys, and two scales.
  static let statistics = dimension + 2

  let measure = CUDATileKernels.Kernel(name: "measure_d128", source: .quantize128)
  let combine = CUDATileKernels.Kernel(name: "combine_measures_d128", source: .quantize128)
  let quantize = CUDATileKernels.Kernel(name: "quantize_d128", source: .quantize128)
  /// See ``CUDATileKernels/attend``.
  let attend = ["attend_sm90_fp8_d128", "attend_again_sm90_fp8_d128"].map {
    CUDATileKernels.Kernel(name: $0, source: .attendHopperFloat8)
  }

  /// Tiles of a head.
  func tiles(packedRows: Int) -> Int { packedRows / CUDATileLists.tileRows }

  /// Parts of a head that are measured each by a block.
  private func parts(packedRows: Int) -> Int {
    (tiles(packedRows: packedRows) + Self.measuredTiles - 1) / Self.measuredTiles
  }

  /// Floats that measuring leaves behind.
  func scratch(packedRows: Int, heads: Int) -> Int { heads * parts(packedRows: packedRows) * Self.measures }

  func measureLaunch(packedRows: Int, heads: Int) -> CUDALaunch { .rows(parts(packedRows: packedRows), heads) }

  func combineLaunch(heads: Int) -> CUDALaunch { .rows(heads, threads: Self.dimension) }

  func quantizeLaunch(packedRows: Int, heads: Int) -> CUDALaunch { .rows(tiles(packedRows: packedRows), heads) }

  /// Tiles have half the bytes of bfloat16 ones, so that twice the stages have room.
  func attendLaunch(items: Int, multiprocessors: Int) -> CUDALaunch {
    CUDATileKernels.hopperLaunch(
      items: items, multiprocessors: multiprocessors, groupRows: CUDATileLists.tileRows, rowBytes: Self.dimension,
      stages: 4)
  }
}
