import Foundation
import Tensor

/// How attention of text encoders and autoencoders runs: a pure choice.
enum CUDATextAttention: Hashable, Sendable {
  /// A block for each row and head, with its scores in shared memory.
  case rows
  /// The same with the scores in the memory of the GPU: slow, and for anything.
  case rowsInMemory
  /// Tiles of 32 rows and keys on tensor cores, for any number of keys.
  case tiles

  /// Shared memory that every GPU has for a block.
  static let sharedBytes = 99 << 10
  /// The largest head dimension of the tiles.
  static let widest = 512
  /// From so many keys on tiles are faster; chosen by counting what is read, not measured.
  static let fewKeys = 256
  /// Rows of a block of tiles.
  private static let tileRows = 32
  /// The most scores that are in the memory of the GPU at a time.
  private static let mostScores = 1 << 26

  init(keys: Int, dimension: Int, hasBias: Bool, isCausal: Bool) {
    let fitsTiles = !hasBias && !isCausal && dimension % 8 == 0 && dimension <= Self.widest
    if fitsTiles && keys >= Self.fewKeys {
      self = .tiles
    } else {
      self = Self.queryBytes(dimension) + keys * 4 + 16 <= Self.sharedBytes ? .rows : .rowsInMemory
    }
  }

  /// A query in float32, rounded up to what is loaded at once.
  private static func queryBytes(_ dimension: Int) -> Int { (dimension + 3) / 4 * 16 }

  /// Rows of each launch.
  func rowsOfLaunch(rows: Int, heads: Int, keys: Int) -> Int {
    self == .rowsInMemory ? max(1, min(rows, Self.mostScores / (heads * keys))) : rows
  }

  /// Blocks for so many rows and heads.
  func launch(rows: Int, heads: Int, keys: Int, dimension: Int) -> CUDALaunch {
    switch self {
    case .rows: .rows(rows, heads, threads: 128, sharedBytes: Self.queryBytes(dimension) + keys * 4)
    case .rowsInMemory: .rows(rows, heads, threads: 128, sharedBytes: Self.queryBytes(dimension))
    case .tiles:
      // The queries; keys and values in turn.
      .rows(
        (rows + Self.tileRows - 1) / Self.tileRows, heads, threads: 256,
        sharedBytes: 2 * Self.tileRows * Self.widest * 2)
    }
  }
}

extension CUDADevice {
  /// Rotates every head's pairs of elements, in place.
  public func rotateText(_ rows: inout Tensor, heads: Int, cosine: Tensor, sine: Tensor) throws {
    let half = rows.shape[1] / heads / 2
    precondition(
      rows.shape[1] == heads * half * 2 && cosine.shape == [rows.shape[0], half] && sine.shape == cosine.shape,
      "\(cosine) and \(sine) do not fit \(rows) with \(heads) heads")
    let target = rows
    try measure(.other) {
      try kernels.launch("rotate_text", in: .text, .rows(target.shape[0], threads: 128)) {
        for tensor in [target, cosine, sine] { $0.pointer(tensor.deviceAddress) }
        $0.int(heads)
        $0.int(half)
      }
    }
  }

  /// Softmax attention over a short sequence, or over the places of some frames.
  public func attendText(
    query: Tensor, key: Tensor, value: Tensor, heads: Int, keyHeads: Int, scale: Float, bias: Tensor?, isCausal: Bool
  ) throws -> Tensor {
    let (rows, keys) = (query.shape[0], key.shape[0])
    let dimension = query.shape[1] / heads
    precondition(
      heads % keyHeads == 0 && key.shape == [keys, keyHeads * dimension] && (!isCausal || rows == keys)
        && value.shape == key.shape,
      "\(key) and \(value) do not fit \(query) with \(heads) heads and \(keyHeads) key heads")
    precondition(bias.map { $0.shape == [heads, rows, keys] } ?? true, "the bias is not [\(heads), \(rows), \(keys)]")
    let choice = CUDATextAttention(keys: keys, dimension: dimension, hasBias: bias != nil, isCausal: isCausal)
    return try measure(.other) {
      let result = try makeTensor(query.shape, activationType)
      switch choice {
      case .rows, .rowsInMemory:
        let part = choice.rowsOfLaunch(rows: rows, heads: heads, keys: keys)
        let scratch = choice == .rowsInMemory ? try makeTensor([heads, part, keys], .float32) : nil
        for first in stride(from: 0, to: rows, by: part) {
          let launch = choice.launch(
            rows: min(part, rows - first), heads: heads, keys: keys, dimension: dimension)
          try kernels.launch("attend_text", in: .text, launch) {
            for tensor in [query, key, value] { $0.pointer(tensor.deviceAddress) }
            $0.pointer(bias?.deviceAddress)
            $0.pointer(result.deviceAddress)
            $0.pointer(scratch?.deviceAddress)
            for number in [first, rows, keys, heads, keyHeads, dimension] { $0.int(number) }
            $0.float(scale)
            $0.int(isCausal ? 1 : 0)
          }
        }
      case .tiles:
        let launch = choice.launch(rows: rows, heads: heads, keys: keys, dimension: dimension)
        try kernels.launch("attend_wide", in: .wideAttention, launch) {
          for tensor in [query, key, value, result] { $0.pointer(tensor.deviceAddress) }
          for number in [rows, keys, heads, keyHeads, dimension] { $0.int(number) }
          $0.float(scale * Float(1 / M_LN2))
        }
      }
      return result
    }
  }
}
