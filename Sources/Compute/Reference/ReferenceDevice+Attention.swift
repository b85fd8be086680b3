import Attention
import Tensor

/// Normalized and rotated heads in packed order as float32 arrays.
struct ReferenceHeads: PreparedHeads {
  let layout: TokenLayout
  let headDimension: Int
  let scale: Float
  let patterns: [HeadPattern]
  /// Rows of packed order, padding included.
  let packedRows: Int
  /// `[H, packedRows, D]`; padding is zero.
  let queries: [Float]
  /// `[H, packedRows, D]`; padding is zero.
  let keys: [Float]
  /// `[H, packedRows, D]`; padding is zero.
  let values: [Float]
  /// For each packed row of a spatial head the row of the sequence; `nil` for padding, padded text included.
  let spatialRows: [Int?]
  /// The same for a temporal head.
  let temporalRows: [Int?]

  func sequenceRow(_ packedRow: Int, _ pattern: HeadPattern) -> Int? {
    pattern == .spatial ? spatialRows[packedRow] : temporalRows[packedRow]
  }
}

extension ReferenceDevice {
  /// Normalizes, rotates and places queries, keys and values.
  public func prepareHeads(_ projection: AttentionProjection, patterns: [HeadPattern]) -> any PreparedHeads {
    measure(.prepare) {
      let layout = projection.layout
      let dimension = projection.headDimension
      precondition(patterns.count == projection.heads, "\(patterns.count) patterns for \(projection.heads) heads")
      let spatialRows = packedSequenceRows(.spatial, layout: layout)
      let temporalRows = packedSequenceRows(.temporal, layout: layout)
      let packedRows = spatialRows.count
      let plain = SequenceHeads(projection)
      func packed(_ source: [Float]) -> [Float] {
        var result = [Float](repeating: 0, count: patterns.count * packedRows * dimension)
        for (head, pattern) in patterns.enumerated() {
          for (row, sequenceRow) in (pattern == .spatial ? spatialRows : temporalRows).enumerated() {
            guard let sequenceRow else { continue }
            let from = (head * layout.sequenceLength + sequenceRow) * dimension
            let to = (head * packedRows + row) * dimension
            result.replaceSubrange(to..<to + dimension, with: source[from..<from + dimension])
          }
        }
        return result
      }
      return ReferenceHeads(
        layout: layout, headDimension: dimension, scale: projection.scale, patterns: patterns,
        packedRows: packedRows, queries: packed(plain.queries), keys: packed(plain.keys),
        values: packed(plain.values), spatialRows: spatialRows, temporalRows: temporalRows)
    }
  }

  /// Packed order: the video in the pattern's order, whole blocks, then the text, whole blocks.
  private func packedSequenceRows(_ pattern: HeadPattern, layout: TokenLayout) -> [Int?] {
    func padded(_ rows: [Int?]) -> [Int?] {
      let whole = (rows.count + attentionBlockSize - 1) / attentionBlockSize * attentionBlockSize
      return rows + [Int?](repeating: nil, count: whole - rows.count)
    }
    let video: [Int?] = (0..<layout.videoTokens).map { index in
      let place =
        pattern == .spatial
        ? index : VideoIndex<TokenMajor>(index).converted(to: FrameMajor.self, in: layout).value
      return layout.videoRange.lowerBound + place
    }
    let text: [Int?] = (0..<layout.textTokens).map { token in
      token < layout.validTextTokens ? layout.textRange.lowerBound + token : nil
    }
    return padded(video) + padded(text)
  }

  /// Softmax attention over the pairs that are in a kept block, inside the band, and exist.
  public func attendBlocks(_ heads: any PreparedHeads, masks: PatternMasks) -> Tensor {
    guard let heads = heads as? ReferenceHeads else { preconditionFailure("the heads were made by another device") }
    return measure(.attention) {
      let dimension = heads.headDimension
      let width = heads.patterns.count * dimension
      var result = [Float](repeating: 0, count: heads.layout.sequenceLength * width)
      for (head, pattern) in heads.patterns.enumerated() {
        for row in 0..<heads.packedRows {
          guard let sequenceRow = heads.sequenceRow(row, pattern) else { continue }
          let keys =
            pattern == .spatial
            ? keptKeys(of: row, pattern, masks.spatial, heads) : keptKeys(of: row, pattern, masks.temporal, heads)
          let starts = keys.map { (head * heads.packedRows + $0) * dimension }
          let query = (head * heads.packedRows + row) * dimension
          let scores = starts.map {
            dot(heads.queries, query, heads.keys, $0, dimension) * Double(heads.scale)
          }
          let average = softmaxAverage(scores, of: heads.values, starts: starts, dimension: dimension)
          for (index, value) in average.enumerated() {
            result[sequenceRow * width + head * dimension + index] = Float(value)
          }
        }
      }
      return referenceTensor(result, [heads.layout.sequenceLength, width])
    }
  }

  /// The packed rows of the keys that a packed query row attends.
  private func keptKeys<Order>(
    of row: Int, _ pattern: HeadPattern, _ mask: BlockMask<Order>, _ heads: ReferenceHeads
  ) -> [Int] {
    precondition(
      mask.layout == heads.layout && mask.blockSize == attentionBlockSize, "the mask is one of \(mask.layout)")
    let videoTokens = heads.layout.videoTokens
    var keys: [Int] = []
    for entry in mask.entries(ofRow: row / attentionBlockSize) {
      var key = entry.block * attentionBlockSize
      while key < (entry.block + 1) * attentionBlockSize {
        let isOutside = row < videoTokens && key < videoTokens && abs(row - key) >= mask.band?.halfWidth ?? .max
        if !isOutside && heads.sequenceRow(key, pattern) != nil { keys.append(key) }
        key += 1
      }
    }
    return keys
  }

  /// Attends sampled rows three times and compares.
  public func profileHeads(
    _ projection: AttentionProjection, rows: [VideoIndex<FrameMajor>], bands: BandPair
  ) -> any HeadProfile {
    KnownProfile(profilingErrors(projection, rows: rows, bands: bands))
  }

  private func profilingErrors(
    _ projection: AttentionProjection, rows: [VideoIndex<FrameMajor>], bands: BandPair
  ) -> [ProfilingError] {
    measure(.profile) {
      let layout = projection.layout
      let dimension = projection.headDimension
      let plain = SequenceHeads(projection)
      let videoStart = layout.videoRange.lowerBound
      let validText = layout.textRange.lowerBound..<layout.textRange.lowerBound + layout.validTextTokens
      let attended = (0..<layout.sequenceLength).filter { layout.videoRange.contains($0) || validText.contains($0) }
      return (0..<projection.heads).map { head in
        var (spatial, temporal) = (0.0, 0.0)
        for row in rows {
          let query = (head * layout.sequenceLength + videoStart + row.value) * dimension
          let starts = attended.map { (head * layout.sequenceLength + $0) * dimension }
          let scores = starts.map { dot(plain.queries, query, plain.keys, $0, dimension) * Double(projection.scale) }
          func output(_ isKept: (VideoIndex<FrameMajor>) -> Bool) -> [Double] {
            let kept = attended.indices.filter { index in
              !layout.videoRange.contains(attended[index]) || isKept(VideoIndex(attended[index] - videoStart))
            }
            return softmaxAverage(
              kept.map { scores[$0] }, of: plain.values, starts: kept.map { starts[$0] }, dimension: dimension)
          }
          let full = output { _ in true }
          let inSpace = output { bands.spatial.keeps(row, $0) }
          let rowInTime = row.converted(to: TokenMajor.self, in: layout)
          let inTime = output { bands.temporal.keeps(rowInTime, $0.converted(to: TokenMajor.self, in: layout)) }
          spatial += squaredDistance(full, inSpace)
          temporal += squaredDistance(full, inTime)
        }
        let count = Double(rows.count * dimension)
        return ProfilingError(spatial: Float(spatial / count), temporal: Float(temporal / count))
      }
    }
  }
}

private func squaredDistance(_ one: [Double], _ other: [Double]) -> Double {
  zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
}
