import Foundation
import Tensor

/// How a CogVideoX transformer knows where a token is.
struct CogVideoXPositions: Sendable {
  let configuration: CogVideoXTransformerConfiguration

  /// Cosines and sines `[tokens, D/2]` by which queries and keys are rotated.
  ///
  /// A quarter of the head dimension turns with time, three eighths each with the row and the column. Version 1.0
  /// stretches rows and columns to the grid the model was trained for and centers them; version 1.5 counts them.
  func rotary(_ grid: TokenGrid) -> (cosine: Tensor, sine: Tensor) {
    let dimension = configuration.headDimension
    let (rows, columns) = axes(grid)
    let angles = [
      Self.angles((0..<grid.frames).map(Float.init), dimension: dimension / 4),
      Self.angles(rows, dimension: dimension / 8 * 3),
      Self.angles(columns, dimension: dimension / 8 * 3),
    ]
    func table(_ function: (Float) -> Float) -> Tensor {
      let axes = angles.map { axis in axis.map { angles in angles.map(function) } }
      var values: [Float] = []
      values.reserveCapacity(grid.count * dimension / 2)
      for frame in 0..<grid.frames {
        for row in 0..<grid.height {
          for column in 0..<grid.width {
            values += axes[0][frame]
            values += axes[1][row]
            values += axes[2][column]
          }
        }
      }
      return Tensor(values, shape: [grid.count, values.count / grid.count])
    }
    return (table(cos), table(sin))
  }

  /// Positions of rows and columns.
  private func axes(_ grid: TokenGrid) -> (rows: [Float], columns: [Float]) {
    if configuration.framePatchSize != nil {
      return ((0..<grid.height).map(Float.init), (0..<grid.width).map(Float.init))
    }
    let base = (
      height: configuration.sampleHeight / configuration.patchSize,
      width: configuration.sampleWidth / configuration.patchSize
    )
    var (height, width) = (base.height, base.width)
    if Double(grid.height) / Double(grid.width) > Double(base.height) / Double(base.width) {
      width = Self.rounded(Double(base.height) / Double(grid.height) * Double(grid.width))
    } else {
      height = Self.rounded(Double(base.width) / Double(grid.width) * Double(grid.height))
    }
    let top = Self.rounded(Double(base.height - height) / 2)
    let left = Self.rounded(Double(base.width - width) / 2)
    return (
      Self.spread(from: top, over: height, count: grid.height), Self.spread(from: left, over: width, count: grid.width)
    )
  }

  /// Half-way cases go to the even number, as in Python.
  private static func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }

  /// `count` positions that divide `start..<start + extent` evenly.
  ///
  /// The last is `stop·(n − 1)/n` as the reference has it, so a grid that does not start at 0 is not spaced by
  /// `extent/n`. The second half is counted from the end, as `torch.linspace` does.
  private static func spread(from start: Int, over extent: Int, count: Int) -> [Float] {
    let first = Float(start)
    let last = Float(Double(start + extent) * Double(count - 1) / Double(count))
    guard count > 1 else { return [first] }
    let step = (last - first) / Float(count - 1)
    return (0..<count).map { $0 < count / 2 ? first + step * Float($0) : last - step * Float(count - 1 - $0) }
  }

  /// The angle of each position at each of `dimension / 2` frequencies.
  private static func angles(_ positions: [Float], dimension: Int) -> [[Float]] {
    let frequencies = stride(from: 0, to: dimension, by: 2).map { 1 / pow(10000, Float($0) / Float(dimension)) }
    return positions.map { position in frequencies.map { position * $0 } }
  }

  /// Sinusoidal positions `[tokens, C]` to be added to the tokens: a quarter of the width for time, then three eighths
  /// each for the column and the row.
  func sinusoidal(_ grid: TokenGrid) -> Tensor {
    let width = configuration.width
    let times = Self.waves(count: grid.frames, scale: configuration.temporalInterpolation, width: width / 4)
    let rows = Self.waves(count: grid.height, scale: configuration.spatialInterpolation, width: width / 8 * 3)
    let columns = Self.waves(count: grid.width, scale: configuration.spatialInterpolation, width: width / 8 * 3)
    var values: [Float] = []
    values.reserveCapacity(grid.count * width)
    for frame in 0..<grid.frames {
      for row in 0..<grid.height {
        for column in 0..<grid.width {
          values += times[frame]
          values += columns[column]
          values += rows[row]
        }
      }
    }
    return Tensor(values, shape: [grid.count, width])
  }

  /// Sines, then cosines, of each position at `width / 2` frequencies.
  private static func waves(count: Int, scale: Float, width: Int) -> [[Float]] {
    let half = width / 2
    let frequencies = (0..<half).map { 1 / pow(10000, Double($0) / (Double(width) / 2)) }
    return (0..<count).map { index in
      let position = Double(Float(index) / scale)
      return frequencies.map { Float(sin(position * $0)) } + frequencies.map { Float(cos(position * $0)) }
    }
  }
}
