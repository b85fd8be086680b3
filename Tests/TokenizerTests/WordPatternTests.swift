import Testing

@testable import Tokenizer

/// The patterns by words that follow from their regular expressions.
@Suite struct WordPatternTests {
  private func words(_ text: String, _ pattern: WordPattern) -> [String] {
    let bytes = Array(text.utf8)
    return pattern.words(of: 0..<bytes.count, in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test func `GPT-2's words take a space before them and leave the last of a run`() {
    #expect(
      words("it's  12345 a!\n\n b'S ", .gpt2) == ["it", "'s", " ", " 12345", " a", "!", "\n\n", " b", "'", "S", " "])
  }

  @Test func `Llama's words take any character before them, three digits and the line breaks after marks`() {
    #expect(
      words("it'S  12345 (a!\n\n b \n \n c'\u{17F}", .llama3)
        == ["it", "'S", " ", " ", "123", "45", " (", "a", "!\n\n", " b", " \n \n", " c", "'\u{17F}"])
  }

  @Test func `CLIP's words hold no whitespace and one digit each`() {
    #expect(
      words("it's  12 a!?\n<|endoftext|>", .clip(keepsMarkers: true))
        == ["it", "'s", "1", "2", "a", "!?", "<|endoftext|>"])
    #expect(words("<|endoftext|>", .clip(keepsMarkers: false)) == ["<|", "endoftext", "|>"])
  }

  @Test(arguments: ["", "\\w+", " ?\\p{L}+"]) func `a pattern that is not known is none`(text: String) {
    #expect(WordPattern(regularExpression: text) == nil)
  }
}
