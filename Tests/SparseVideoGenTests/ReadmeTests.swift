import Foundation
import Testing

struct ReadmeTests {
  @Test func `the example of the README is the one that compiles`() throws {
    let here = URL(filePath: #filePath).deletingLastPathComponent()
    let readme = try String(contentsOf: here.appending(path: "../../README.md"), encoding: .utf8)
    let source = try String(contentsOf: here.appending(path: "ReadmeExample.swift"), encoding: .utf8)
    let block = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first { $0.contains("import") })
    func lines(_ text: String) -> [String] {
      text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    let example = lines(try #require(block.components(separatedBy: "```").first))
    let compiled = lines(source).filter { !$0.hasPrefix("//") && !$0.hasPrefix("func readmeExample") }.dropLast()
    #expect(example == Array(compiled))
    #expect(example.count <= 15)
  }
}
