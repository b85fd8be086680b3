/// Which tile kernels serve heads of one dimension on one kind of GPU, and how they are launched: a pure choice.
///
/// Other dimensions are served by the plain kernels of `attention/simple.cu`.
struct CUDATileKernels: Hashable, Sendable {
  /// `D`.
  let dimension: Int
  /// Whether the GPU has the matrix instructions of warpgroups and bulk copies of Hopper.
  let isHopper: Bool

  /// - Returns: `nil` where no tile kernel takes the dimension.
  init?(dimension: Int, architecture: String) {
    guard dimension == 64 || dimension == 128 else { return nil }
    self.dimension = dimension
    isHopper = architecture == "sm_90a"
  }

  /// Names a kernel of this dimension.
  private func name(_ kernel: String) -> String { "\(kernel)_d\(dimension)" }

  /// A kernel and where it is.
  struct Kernel: Hashable, Sendable {
    let name: String
    let source: CUDASource
  }

  var prepare: Kernel { Kernel(name: name("prepare"), source: dimension == 64 ? .prepare64 : .prepare128) }
  var profile: Kernel { Kernel(name: name("profile"), source: dimension == 64 ? .profile64 : .profile128) }
  var combine: Kernel { Kernel(name: name("combine_profiles"), source: profile.source) }
  /// What attends, one after the other: on Hopper a kernel with a quick softmax and one that attends again what the
  /// first could not.
  var attend: [Kernel] {
    guard isHopper else {
      return [Kernel(name: name("attend_sm80"), source: dimension == 64 ? .attendWarps64 : .attendWarps128)]
    }
    let source = dimension == 64 ? CUDASource.attendHopper64 : .attendHopper128
    return ["attend_sm90", "attend_again_sm90"].map { Kernel(name: name($0), source: source) }
  }

  /// The kernels for e4m3 heads; `nil` where there are none.
  var float8: CUDAFloat8Kernels? { isHopper && dimension == CUDAFloat8Kernels.dimension ? CUDAFloat8Kernels() : nil }

  /// Query rows of an item. Three warpgroups of 64 rows fit the registers at `D` = 64, two at 128.
  var groupRows: Int { isHopper && dimension == 64 ? 192 : 128 }

  /// Bytes of a tile.
  private var tileBytes: Int { CUDATileLists.tileRows * dimension * 2 }

  /// Stages of keys and of values on Hopper.
  private var stages: Int { dimension == 64 ? 4 : 2 }

  /// A persistent block for each multiprocessor on Hopper, elsewhere a block for each of `items`.
  func attendLaunch(items: Int, multiprocessors: Int) -> CUDALaunch {
    guard isHopper else {
      // The queries, and half a tile of keys and of values.
      return .rows(items, threads: 128, sharedBytes: 2 * tileBytes)
    }
    return Self.hopperLaunch(
      items: items, multiprocessors: multiprocessors, groupRows: groupRows, rowBytes: dimension * 2, stages: stages)
  }

  /// Two threads for each query row of an item, and a producer for all.
  static func hopperLaunch(
    items: Int, multiprocessors: Int, groupRows: Int, rowBytes: Int, stages: Int
  ) -> CUDALaunch {
    // Barriers, and what the producer tells with each stage; 1024 bytes for the alignment of the swizzle.
    let words = 8 * (4 * stages + 6) + 4 * (stages + 2) + 1024
    return .rows(
      min(items, multiprocessors), threads: 128 + 2 * groupRows,
      sharedBytes: (groupRows + 2 * stages * CUDATileLists.tileRows) * rowBytes + words)
  }

  /// Heads of a token that a block of the preparing kernel holds: 2 KB that follow one another, where there are so many.
  func preparedHeadsAtOnce(heads: Int) -> Int {
    var count = 1
    while 2 * count <= min(heads, 1024 / dimension) { count *= 2 }
    return count
  }

  /// Blocks of 256 threads, 8 elements of a row in each.
  func prepareLaunch(packedRows: Int, heads: Int) -> CUDALaunch {
    .rows(packedRows * preparedHeadsAtOnce(heads: heads) * dimension / 8 / 256, threads: 256)
  }

  /// Sampled rows of a block.
  static let profiledRows = 64

  /// Parts of the keys: enough to fill a GPU, and long enough to hide what each costs. 6, 11, 16, 22 and 33 parts of
  /// 119056 keys took 2.5, 1.5, 1.6, 1.7 and 1.8 ms on an H100 with 24 heads.
  func profileSplits(packedRows: Int) -> Int { max(1, min(11, packedRows / 512)) }

  func profileLaunch(rows: Int, heads: Int, splits: Int) -> CUDALaunch {
    let groups = (rows + Self.profiledRows - 1) / Self.profiledRows
    // The sampled queries, and two stages of 64 keys and 64 values. Four warps for each 64 elements.
    return .rows(
      splits * groups, heads, threads: 2 * dimension, sharedBytes: Self.profiledRows * dimension * 2 + 2 * tileBytes)
  }

  /// Floats that the parts of a profile leave behind: for each row a maximum, three sums and three vectors.
  func profileScratch(rows: Int, heads: Int, splits: Int) -> Int {
    let groups = (rows + Self.profiledRows - 1) / Self.profiledRows
    return heads * groups * splits * Self.profiledRows * (4 + 3 * dimension)
  }
}
