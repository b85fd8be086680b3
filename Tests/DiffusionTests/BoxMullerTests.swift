import Foundation
import Testing

@testable import Diffusion

struct BoxMullerTests {
  @Test func `The logarithm is accurate to two units in the last place`() {
    // Every 997th of the 2²⁴ numbers that can occur, and both ends.
    for step in stride(from: 1, through: 1 << 24, by: 997) {
      let x = Float(step) * 0x1p-24
      let exact = log(Double(x))
      #expect(abs(Double(BoxMuller.logarithm(x)) - exact) <= 2 * Double(Float(exact).ulp))
    }
    #expect(BoxMuller.logarithm(1) == 0)
    #expect(BoxMuller.logarithm(0x1p-24) == Float(log(0x1p-24)))
  }

  @Test func `Sine and cosine are accurate over one turn`() {
    for step in stride(from: 0, to: 1 << 24, by: 1009) {
      let angle = Float(2 * Double.pi) * (Float(step) * 0x1p-24)
      let (sine, cosine) = BoxMuller.sineAndCosine(angle)
      #expect(abs(Double(sine) - sin(Double(angle))) <= 0x1p-23)
      #expect(abs(Double(cosine) - cos(Double(angle))) <= 0x1p-23)
    }
  }
}
