import CKernels
import Testing

@Suite struct ProfileTests {
  @Test(arguments: [1, 3])
  func `the scalar kernels compute the definition of the errors`(splits: Int) {
    let problem = KernelCase(
      headDimension: 8, frames: 4, tokensPerFrame: 21, textTokens: 9, validText: 6, norm: SVG_NORM_LAYER,
      rotates: true, seed: 7)
    let inputs = KernelProblem(problem)
    let rows = [0, 83, 40, 41, 17]
    let found = inputs.profile(SVG_ISA_SCALAR, rows: rows, halfWidths: (12, 5), splits: splits)
    let expected = Definition(inputs).profile(rows: rows, halfWidths: (12, 5))
    #expect(relativeError(found, expected) < 1e-7)
  }

  @Test(arguments: [1, 5, 63, 64, 70], [1, 2, 40])
  func `every instruction set agrees with the scalar kernels`(rowCount: Int, splits: Int) {
    let problem = KernelCase(
      headDimension: rowCount % 2 == 0 ? 64 : 96, frames: 5, tokensPerFrame: 61, textTokens: 20,
      validText: 13, textFirst: true, element: splits == 2 ? SVG_BFLOAT16 : SVG_FLOAT32, norm: SVG_NORM_RMS,
      rotates: true, seed: UInt64(rowCount))
    let inputs = KernelProblem(problem)
    let rows = (0..<rowCount).map { $0 * 37 % problem.videoTokens }
    let expected = inputs.profile(SVG_ISA_SCALAR, rows: rows, halfWidths: (64, 40), splits: 1)
    for isa in vectorISAs {
      let found = inputs.profile(isa, rows: rows, halfWidths: (64, 40), splits: splits)
      // Errors are squares of differences about as large as the outputs: twice the relative error of those.
      #expect(relativeError(found, expected) < 2 * tolerance(isa), "\(isa.testDescription)")
    }
  }

  @Test(arguments: vectorISAs)
  func `bands that keep everything have no error, and narrow ones have some`(isa: svg_isa) {
    let problem = KernelCase(headDimension: 32, frames: 4, tokensPerFrame: 40, seed: 9)
    let inputs = KernelProblem(problem)
    let both = inputs.profile(isa, rows: [3, 100], halfWidths: (160, 160), splits: 2)
    #expect(both == [0, 0, 0, 0])
    let spatial = inputs.profile(isa, rows: [3, 100], halfWidths: (1, 160), splits: 2)
    #expect(spatial[0] > 0 && spatial[1] == 0 && spatial[2] > 0 && spatial[3] == 0)
  }

  @Test(arguments: vectorISAs)
  func `bands far below the largest score keep their errors`(isa: svg_isa) {
    // One key outside a band can be a million times as large as all within it: weights relative to it would vanish.
    let problem = KernelCase(
      headDimension: 64, frames: 3, tokensPerFrame: 40, textTokens: 5, element: SVG_BFLOAT16, magnitude: 1e4, seed: 10)
    let inputs = KernelProblem(problem)
    let rows = [0, 7, 119]
    let found = inputs.profile(isa, rows: rows, halfWidths: (20, 3), splits: 2)
    #expect(found.allSatisfy { $0.isFinite })
    // Pair products round scaled queries to bfloat16, so that another key may win. Tiles do too, but leave such bands
    // to float32.
    guard isa != SVG_ISA_AVX512_BF16 else { return }
    let expected = inputs.profile(SVG_ISA_SCALAR, rows: rows, halfWidths: (20, 3), splits: 1)
    #expect(relativeError(found, expected) < 2 * tolerance(isa))
  }
}
