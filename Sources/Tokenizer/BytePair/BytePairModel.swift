/// Byte-pair encoding over bytes: a word starts as its bytes, and the pair of neighbors that comes first in the list of
/// merges becomes one token, until no pair is in the list.
///
/// - SeeAlso: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units",
///   <https://arxiv.org/abs/1508.07909>.
struct BytePairModel: Sendable {
  /// What the files say of a model, before it is checked.
  struct Parts {
    /// The ids of the tokens, bytes written in the ``ByteAlphabet``.
    var vocabulary: [String: Int32]
    /// The pairs that become one token, the first before the second.
    var merges: [(String, String)]
    /// What the last token of a word ends with: `</w>` in CLIP's vocabulary, nothing in others.
    var wordEnd = ""
    /// The token of bytes that are not in the vocabulary, if any.
    var unknown: String?
    /// Whether a word that is a token needs no merges.
    var ignoresMerges = false
  }

  private struct Merge: Sendable {
    let rank: UInt32
    let id: Int32
  }

  /// The token of each byte inside a word and at its end.
  private let inner, final: [Int32]
  private let merges: [UInt64: Merge]
  /// The tokens by their text, where whole words are looked up.
  private let words: [String: Int32]

  /// Checks the parts and brings them into a form that is fast to search.
  /// - Parameter path: The file's name for messages.
  /// - Throws: ``TokenizerError`` with code `invalidTokenizer` for a byte without a token, and for a merge of tokens or
  ///   into a token that the vocabulary does not have.
  init(_ parts: Parts, path: String) throws(TokenizerError) {
    func invalid(_ what: String) -> TokenizerError {
      TokenizerError(.invalidTokenizer, "\(path): \(what); fetch the model again.")
    }
    let unknown = parts.unknown.flatMap { parts.vocabulary[$0] }
    func tokens(_ end: String) throws(TokenizerError) -> [Int32] {
      var ids: [Int32] = []
      for (byte, character) in ByteAlphabet.characters.enumerated() {
        guard let id = parts.vocabulary[character + end] ?? unknown else {
          throw invalid("the vocabulary has no token \"\(character + end)\" for the byte \(byte)")
        }
        ids.append(id)
      }
      return ids
    }
    inner = try tokens("")
    final = parts.wordEnd.isEmpty ? inner : try tokens(parts.wordEnd)
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(parts.merges.count)
    for (rank, (first, second)) in parts.merges.enumerated() {
      guard let left = parts.vocabulary[first], let right = parts.vocabulary[second] else {
        throw invalid(
          "merge \(rank) is of \"\(first.prefix(40))\" and \"\(second.prefix(40))\", which are not both tokens")
      }
      guard let id = parts.vocabulary[first + second] else {
        throw invalid("merge \(rank) makes \"\((first + second).prefix(80))\", which is no token")
      }
      merges[Self.pair(left, right)] = Merge(rank: UInt32(rank), id: id)
    }
    self.merges = merges
    words = parts.ignoresMerges ? parts.vocabulary : [:]
  }

  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Encodes a word and adds its ids at the end.
  /// - Complexity: O(n log n) for n bytes, whatever they are.
  func encode(_ word: ArraySlice<UInt8>, into ids: inout [Int32]) {
    guard let last = word.last else { return }
    if !words.isEmpty, let id = words[ByteAlphabet.text(word)] {
      ids.append(id)
      return
    }
    var symbols = word.map { inner[Int($0)] }
    symbols[symbols.count - 1] = final[Int(last)]
    // Tokens are linked in place: a token stands where its first byte does, and `next` skips what it swallowed.
    let count = symbols.count
    var next = Array(1..<count + 1)
    var previous = Array(-1..<count - 1)
    var isGone = [Bool](repeating: false, count: count)
    var queue = MergeQueue()
    func offer(_ place: Int) {
      guard place >= 0, next[place] < count, let merge = merges[Self.pair(symbols[place], symbols[next[place]])] else {
        return
      }
      queue.insert(UInt64(merge.rank) << 32 | UInt64(place))
    }
    for place in 0..<count - 1 { offer(place) }
    while let best = queue.removeFirst() {
      let place = Int(best & 0xFFFF_FFFF)
      // An offer is stale when one of its two tokens was merged meanwhile.
      guard !isGone[place], next[place] < count,
        let merge = merges[Self.pair(symbols[place], symbols[next[place]])], UInt64(merge.rank) == best >> 32
      else { continue }
      let swallowed = next[place]
      symbols[place] = merge.id
      isGone[swallowed] = true
      next[place] = next[swallowed]
      if next[place] < count { previous[next[place]] = place }
      offer(previous[place])
      offer(place)
    }
    var place = 0
    while place < count {
      ids.append(symbols[place])
      place = next[place]
    }
  }
}

/// Offers to merge, the smallest first: a binary heap.
private struct MergeQueue {
  private var heap: [UInt64] = []

  mutating func insert(_ offer: UInt64) {
    heap.append(offer)
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> UInt64? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return first }
    heap[0] = last
    var parent = 0
    while 2 * parent + 1 < heap.count {
      var child = 2 * parent + 1
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[parent] else { break }
      heap.swapAt(child, parent)
      parent = child
    }
    return first
  }
}
