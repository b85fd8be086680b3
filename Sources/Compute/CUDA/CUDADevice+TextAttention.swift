import Foundation
import Tensor

/// How attention of text encoders and autoencoders runs: a pure choice.
enum CUDATextAttention: Hashable, Sendable {
  /// A block for each row and head, with all of its scores in shared memory.
  case rows
  /// Tiles of 32 rows and keys on tensor cores, for any number of keys.
  case tiles

  /// Shared memory that every GPU has for a block.
  static let sharedBytes = 99 << 10
  /// The largest head dimension of the tiles.
  static let widest = 512
  /// From so many keys on tiles are faster; chosen by counting what is read, not measured.
  static let fewKeys = 256

  /// - Returns: `nil` where neither way fits.
  init?(keys: Int, dimension: Int, hasBias: Bool, isCausal: Bool) {
    let fitsTiles = !hasBias && !isCausal && dimension % 8 == 0 && dimension <= Self.widest
    if fitsTiles && keys >= Self.fewKeys {
      self = .tiles
    } else if Self.rowBytes(keys: keys, dimension: dimension) <= Self.sharedBytes {
      self = .rows
    } else {
      return nil
    }
  }

  /// Shared memory of a row: its scores, and its query.
  static func rowBytes(keys: Int, dimension: Int) -> Int { (keys + dimension) * 4 }

  /// Rows of a block of tiles.
  private static let tileRows = 32

  /// Blocks for so many rows and heads.
  func launch(rows: Int, heads: Int, keys: Int, dimension: Int) -> CUDALaunch {
    switch self {
    case .rows:
      .rows(rows, heads, threads: 128, sharedBytes: Self.rowBytes(keys: keys, dimension: dimension))
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
    guard
      let choice = CUDATextAttention(keys: keys, dimension: dimension, hasBias: bias != nil, isCausal: isCausal)
    else {
      throw ComputeError(
        .unsupported,
        "a GPU cannot attend to \(keys) keys with heads of \(dimension): at most \(CUDATextAttention.widest), a "
          + "multiple of 8, without a bias; choose --device cpu")
    }
    return try measure(.other) {
      let result = try makeTensor(query.shape, activationType)
      let launch = choice.launch(rows: rows, heads: heads, keys: keys, dimension: dimension)
      switch choice {
      case .rows:
        try kernels.launch("attend_text", in: .text, launch) {
          for tensor in [query, key, value] { $0.pointer(tensor.deviceAddress) }
          $0.pointer(bias?.deviceAddress)
          $0.pointer(result.deviceAddress)
          for number in [rows, keys, heads, keyHeads, dimension] { $0.int(number) }
          $0.float(scale)
          $0.int(isCausal ? 1 : 0)
        }
      case .tiles:
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
