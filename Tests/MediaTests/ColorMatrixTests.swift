import Testing

@testable import Media

struct ColorMatrixTests {
  @Test(arguments: ColorMatrix.allCases)
  func `ten bits bring every eight-bit color back`(matrix: ColorMatrix) {
    // Every value of each channel, on a grid that is coprime to the others' steps.
    var wrong = 0
    for red in stride(from: 0, through: 255, by: 3) {
      for green in stride(from: 0, through: 255, by: 5) {
        for blue in 0...255 {
          let (r, g, b) = (UInt8(red), UInt8(green), UInt8(blue))
          let pixel = matrix.pixel(matrix.convert(red: r, green: g, blue: b))
          if pixel != (r, g, b) { wrong += 1 }
        }
      }
    }
    #expect(wrong == 0)
  }

  @Test func `gray has no color difference`() {
    let color = ColorMatrix.bt709.convert(red: 255, green: 255, blue: 255)
    #expect(color == .init(luma: 1023, blueDifference: 512, redDifference: 512))
  }

  @Test(arguments: [(720, 480, ColorMatrix.bt601), (720, 576, .bt601), (1280, 480, .bt709), (768, 577, .bt709)])
  func `large frames have the matrix of high definition`(width: Int, height: Int, matrix: ColorMatrix) {
    #expect(ColorMatrix.assumed(width: width, height: height) == matrix)
  }
}
