import Diffusion
import Tensor
import Testing

struct GuidanceTests {
  @Test(arguments: [
    (scale: 6.0, timestep: 999, steps: 50, expected: 2.291487174551452),
    (scale: 6.0, timestep: 499, steps: 50, expected: 1.5212656935026643),
    (scale: 6.0, timestep: 19, steps: 50, expected: 1.123397939968981),
    (scale: 6.0, timestep: 3, steps: 4, expected: 1.0000141185712714),
    (scale: 4.5, timestep: 0, steps: 7, expected: 5.5),
  ])
  func `The dynamic scale is that of the pipeline`(scale: Double, timestep: Float, steps: Int, expected: Double) {
    let guidance = Guidance(scale: scale, isDynamic: true)
    // π · ((n − t)/n)⁵ reaches 10⁷, whose last bit is 2e-9.
    #expect(abs(guidance.scale(timestep: timestep, steps: steps) - expected) < 1e-7)
  }

  @Test func `A fixed scale stays`() {
    #expect(Guidance(scale: 6).scale(timestep: 500, steps: 50) == 6)
  }

  @Test(arguments: [(0.0, false), (1.0, false), (1.01, true)])
  func `Guidance is on above one`(scale: Double, isOn: Bool) {
    #expect(Guidance(scale: scale).isOn == isOn)
  }

  @Test func `Guidance pushes away from what is said without the prompt`() {
    let without = Tensor([1, 2, -3] as [Float], shape: [3])
    let with = Tensor([1, 4, -2.5] as [Float], shape: [3])
    #expect(Guidance.combine(unconditional: without, conditional: with, scale: 6).floats() == [1, 14, 0])
    #expect(Guidance.combine(unconditional: without, conditional: with, scale: 1).floats() == with.floats())
    #expect(without.floats() == [1, 2, -3])
  }
}
