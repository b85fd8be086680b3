/// Draws the query rows that profiling samples: without repetition, spread evenly over the frames.
///
/// The public code draws all rows from the first 10 000 tokens, which for a long video are its first few frames.
struct ProfiledRows {
  let layout: TokenLayout
  /// `t`.
  let count: Int
  let seed: UInt64

  /// The rows for one site, ascending; the same for the same seed and site, different from site to site.
  ///
  /// Each frame gets `⌊t/F⌋` rows, and as many frames as are needed, drawn too, one more.
  func draw(at site: AttentionSite) -> [VideoIndex<FrameMajor>] {
    var generator = SplitMix64(state: seed)
    for number in [site.step, site.layer, site.sample] {
      generator = SplitMix64(state: generator.next() ^ UInt64(number))
    }
    var counts = [Int](repeating: count / layout.frames, count: layout.frames)
    for frame in generator.distinct(count % layout.frames, below: layout.frames) { counts[frame] += 1 }
    return counts.enumerated().flatMap { frame, count in
      generator.distinct(count, below: layout.tokensPerFrame).map { place in
        VideoIndex(FrameMajor.index(frame: frame, place: place, in: layout))
      }
    }
  }
}

/// A small generator whose whole state is one number.
///
/// - SeeAlso: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// `count` distinct numbers below `bound`, ascending, every choice equally likely.
  ///
  /// - SeeAlso: Floyd's algorithm in Bentley and Floyd, "A sample of brilliance", CACM 30 (1987).
  mutating func distinct(_ count: Int, below bound: Int) -> [Int] {
    precondition(count <= bound, "\(count) distinct numbers do not exist below \(bound)")
    var chosen: Set<Int> = []
    for candidate in bound - count..<bound {
      let number = Int(next(upperBound: UInt64(candidate + 1)))
      chosen.insert(chosen.contains(number) ? candidate : number)
    }
    return chosen.sorted()
  }
}
