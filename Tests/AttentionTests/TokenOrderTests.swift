import Attention
import Testing

@Suite struct TokenOrderTests {
  @Test(arguments: awkwardLayouts)
  func `placement and its inverse compose to the identity`(layout: TokenLayout) {
    var seen: Set<Int> = []
    for index in 0..<layout.videoTokens {
      let frameMajor = VideoIndex<FrameMajor>(index)
      let tokenMajor = frameMajor.converted(to: TokenMajor.self, in: layout)
      seen.insert(tokenMajor.value)
      #expect(tokenMajor.converted(to: FrameMajor.self, in: layout) == frameMajor)
    }
    #expect(seen == Set(0..<layout.videoTokens))
  }

  @Test func `token-major order has all frames of a place side by side`() {
    let layout = TokenLayout(frames: 4, tokensPerFrame: 10)
    let indices = (0..<4).map { frame in
      VideoIndex<FrameMajor>(frame * 10 + 3).converted(to: TokenMajor.self, in: layout).value
    }
    #expect(indices == [12, 13, 14, 15])
  }
}
