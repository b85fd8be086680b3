import Tensor
import Testing

@testable import Media

struct VideoFramesTests {
  @Test func `values become the nearest byte, and those outside of 0 to 1 saturate`() throws {
    let values: [Float] = [0, 1, 0.5, -3, 7, 127.4 / 255, 127.6 / 255, -.infinity, .infinity, 1 / 255, 0.25, 0.75]
    let frames = try VideoFrames(Tensor(values, shape: [1, 2, 2, 3]), framesPerSecond: 8)
    #expect(frames.pixels == [0, 255, 128, 0, 255, 127, 128, 0, 255, 1, 64, 191])
    #expect((frames.width, frames.height, frames.count) == (2, 2, 1))
  }

  @Test func `a value that is not a number is refused with its frame`() throws {
    let error = #expect(throws: MediaError.self) {
      try VideoFrames(Tensor([0, 0, 0, 0, Float.nan, 0], shape: [2, 1, 1, 3]), framesPerSecond: 8)
    }
    #expect(error?.code == .invalidFrames)
    #expect(error?.message.contains("frame 2") == true)
  }

  @Test func `a frame is the bytes of its pixels`() {
    let frames = testFrames(width: 4, height: 2, count: 3)
    #expect(Array(frames.frame(1)) == Array(frames.pixels[24..<48]))
  }
}
