import CKernels
import Testing

@Suite struct AttendTests {
  /// Small enough for the definition, which is slow.
  static let definitionCases: [KernelCase] = [
    KernelCase(headDimension: 4, frames: 1, tokensPerFrame: 1),
    KernelCase(headDimension: 6, frames: 3, tokensPerFrame: 5, textTokens: 4, norm: SVG_NORM_RMS, seed: 2),
    KernelCase(
      headDimension: 8, frames: 4, tokensPerFrame: 19, textTokens: 3, textFirst: true, norm: SVG_NORM_LAYER,
      rotates: true, halfWidth: 9, seed: 3),
    KernelCase(
      heads: 3, headDimension: 8, frames: 5, tokensPerFrame: 14, textTokens: 9, validText: 5, norm: SVG_NORM_RMS,
      rotates: true, halfWidth: 20, seed: 4),
    KernelCase(headDimension: 2, frames: 2, tokensPerFrame: 33, textTokens: 66, validText: 0, halfWidth: 1, seed: 5),
    KernelCase(
      headDimension: 8, frames: 3, tokensPerFrame: 7, textTokens: 70, validText: 65, textFirst: true,
      element: SVG_BFLOAT16, norm: SVG_NORM_LAYER, rotates: true, seed: 6),
  ]

  @Test(arguments: definitionCases)
  func `the scalar kernels compute the definition of attention`(problem: KernelCase) {
    let inputs = KernelProblem(problem)
    let error = relativeError(inputs.attend(SVG_ISA_SCALAR), Definition(inputs).output())
    // Only the float32 output is rounded.
    #expect(error < 6e-8)
  }

  /// Every number of video tokens to beyond two blocks, text on both sides, all norms.
  static let awkwardCases: [KernelCase] = {
    let dimensions = [32, 64, 96, 128, 16, 80, 256]
    let norms = [SVG_NORM_NONE, SVG_NORM_LAYER, SVG_NORM_RMS]
    let texts = [0, 1, 63, 64, 77]
    return (1...130).map { tokens in
      let frames = 1 + tokens % 5
      let text = texts[tokens % 5]
      return KernelCase(
        headDimension: dimensions[tokens % 7], frames: frames, tokensPerFrame: (tokens + frames - 1) / frames,
        textTokens: text, validText: tokens % 3 == 0 ? text / 2 : text, textFirst: tokens % 2 == 0,
        element: tokens % 4 < 2 ? SVG_FLOAT32 : SVG_BFLOAT16, norm: norms[tokens % 3], rotates: tokens % 8 < 5,
        halfWidth: 1 + tokens * 37 % 150, seed: UInt64(tokens))
    }
  }()

  @Test(arguments: awkwardCases)
  func `every instruction set agrees with the scalar kernels`(problem: KernelCase) {
    let inputs = KernelProblem(problem)
    let expected = inputs.attend(SVG_ISA_SCALAR)
    for isa in vectorISAs where svg_isa_supports(isa, Int64(problem.headDimension)) {
      for output in [SVG_FLOAT32, SVG_BFLOAT16] {
        let error = relativeError(inputs.attend(isa, output: output), expected)
        #expect(error <= tolerance(isa, output: output), "\(isa.testDescription)")
      }
    }
  }

  @Test(arguments: [
    KernelCase(
      headDimension: 64, frames: 13, tokensPerFrame: 256, textTokens: 32, textFirst: true, norm: SVG_NORM_LAYER,
      rotates: true, halfWidth: 512, seed: 40),
    KernelCase(
      headDimension: 128, frames: 3, tokensPerFrame: 1350, textTokens: 226, validText: 100, norm: SVG_NORM_RMS,
      rotates: true, halfWidth: 256, seed: 41),
  ])
  func `every instruction set agrees with the scalar kernels at the sizes of models`(problem: KernelCase) {
    let inputs = KernelProblem(problem)
    let expected = inputs.attend(SVG_ISA_SCALAR)
    for isa in vectorISAs {
      let error = relativeError(inputs.attend(isa), expected)
      #expect(error <= tolerance(isa), "\(isa.testDescription)")
    }
  }

  @Test(arguments: vectorISAs, [32, 48])
  func `rows far from zero are normalized with the digits of rows around it`(isa: svg_isa, dimension: Int) {
    // Mean square less squared mean would lose ten of the 24 bits of the variance here.
    let inputs = KernelProblem(
      KernelCase(
        headDimension: dimension, frames: 3, tokensPerFrame: 40, textTokens: 5, norm: SVG_NORM_LAYER, rotates: true,
        mean: 30, seed: 52))
    guard svg_isa_supports(isa, Int64(dimension)) else { return }
    #expect(relativeError(inputs.attend(isa), inputs.attend(SVG_ISA_SCALAR)) <= tolerance(isa))
  }

  @Test(arguments: vectorISAs, [nil, 150])
  func `scores that grow from key to key move what weights are relative to`(isa: svg_isa, halfWidth: Int?) {
    // From about 2^6 to 2^36 in 600 keys, of which no two neighbors differ by more than a sixteenth of a power of two.
    let inputs = KernelProblem(
      KernelCase(
        headDimension: 64, frames: 4, tokensPerFrame: 150, textTokens: 3, halfWidth: halfWidth, magnitude: 0.1,
        mean: 0.7, keyGrowth: 1.003, seed: 53))
    // The rounding of the largest scores weighs more here than that of the weights.
    let bound = tolerance(isa) * ([SVG_ISA_AVX512_BF16, SVG_ISA_AMX_BF16].contains(isa) ? 2 : 1)
    #expect(relativeError(inputs.attend(isa), inputs.attend(SVG_ISA_SCALAR)) <= bound)
  }

  @Test(arguments: vectorISAs)
  func `scores of a hundred million neither overflow nor turn into NaN`(isa: svg_isa) {
    let inputs = KernelProblem(
      KernelCase(
        headDimension: 64, frames: 3, tokensPerFrame: 40, textTokens: 5, element: SVG_BFLOAT16, magnitude: 1e4,
        seed: 50))
    let found = inputs.attend(isa)
    let expected = inputs.attend(SVG_ISA_SCALAR)
    #expect(found.allSatisfy { $0.isFinite })
    // One key takes all the weight, so that its value comes out. Another one may where two scores are nearer than their
    // rounding: none in float32; where scaled queries are rounded to bfloat16, by 2⁻⁹ of them, one row in some hundred.
    let rows = stride(from: 0, to: found.count, by: 64).map { $0..<$0 + 64 }
    let others = rows.filter { relativeError(Array(found[$0]), Array(expected[$0])) > tolerance(isa) }
    let roundsQueries = [SVG_ISA_AVX512_BF16, SVG_ISA_AMX_BF16].contains(isa)
    #expect(others.count <= (roundsQueries ? rows.count / 50 : 0))
  }

  @Test(arguments: vectorISAs + [SVG_ISA_SCALAR])
  func `a band of one token returns the values in their place`(isa: svg_isa) {
    // Every row sees only itself: the weight is exactly 1, and most blocks mask most rows completely.
    let problem = KernelCase(
      headDimension: 32, frames: 7, tokensPerFrame: 29, element: SVG_BFLOAT16, norm: SVG_NORM_LAYER, rotates: true,
      halfWidth: 1, seed: 60)
    let inputs = KernelProblem(problem)
    let values = (0..<problem.rows).flatMap { row in
      (0..<problem.columns).map { inputs.video[(row * 3 + 2) * problem.columns + $0] }
    }
    #expect(inputs.attend(isa) == values)
  }

  @Test(arguments: vectorISAs)
  func `a band that keeps everything gives the bits of no band`(isa: svg_isa) {
    let problem = KernelCase(headDimension: 64, frames: 6, tokensPerFrame: 31, textTokens: 10, seed: 70)
    let inputs = KernelProblem(problem)
    let dense = inputs.attend(isa)
    inputs.list = BlockList(problem, halfWidth: nil, masksAll: true)
    #expect(inputs.attend(isa) == dense)
  }

  @Test(arguments: vectorISAs)
  func `the order of the tasks changes no bit`(isa: svg_isa) {
    let inputs = KernelProblem(
      KernelCase(
        heads: 3, headDimension: 96, frames: 5, tokensPerFrame: 47, textTokens: 70, validText: 66, rotates: true,
        halfWidth: 70, seed: 80))
    #expect(inputs.attend(isa) == inputs.attend(isa, reversed: true))
  }

  @Test(arguments: vectorISAs + [SVG_ISA_SCALAR])
  func `an empty row of the list yields zeros and leaves the others alone`(isa: svg_isa) {
    let problem = KernelCase(frames: 3, tokensPerFrame: 50, textTokens: 20, seed: 90)
    let inputs = KernelProblem(problem)
    var expected = inputs.attend(isa)
    inputs.list.rows[1] = []
    for head in 0..<problem.heads {
      for token in 0..<problem.videoTokens {
        guard (64..<128).contains(problem.packedPosition(frameMajor: token, head: head)) else { continue }
        for column in 0..<problem.headDimension {
          expected[token * problem.columns + head * problem.headDimension + column] = 0
        }
      }
    }
    #expect(inputs.attend(isa) == expected)
  }

  @Test(arguments: vectorISAs + [SVG_ISA_SCALAR], [true, false])
  func `padded text is seen by nobody and its rows are zeros, whatever it holds`(isa: svg_isa, textFirst: Bool) {
    let problem = KernelCase(
      frames: 2, tokensPerFrame: 30, textTokens: 140, validText: 5, textFirst: textFirst, norm: SVG_NORM_RMS, seed: 91)
    let found = KernelProblem(problem, padding: .nan).attend(isa)
    #expect(found == KernelProblem(problem, padding: 3).attend(isa))
    let padded = (problem.textOffset + problem.valid) * problem.columns
    #expect(found[padded..<padded + (problem.textTokens - problem.valid) * problem.columns].allSatisfy { $0 == 0 })
    #expect(found.allSatisfy { $0.isFinite })
  }

  @Test(arguments: vectorISAs)
  func `equal scores average the values`(isa: svg_isa) {
    // A weight of zero and a bias of one make all keys alike.
    let problem = KernelCase(frames: 2, tokensPerFrame: 64, element: SVG_BFLOAT16, norm: SVG_NORM_RMS, seed: 92)
    let inputs = KernelProblem(problem)
    for index in 0..<problem.headDimension {
      inputs.weights[2 * problem.headDimension + index] = 0
      inputs.weights[3 * problem.headDimension + index] = 1
    }
    let found = inputs.attend(isa)
    for column in 0..<problem.columns {
      let values = (0..<problem.rows).map { inputs.video[($0 * 3 + 2) * problem.columns + column] }
      let mean = values.reduce(0, +) / Float(problem.rows)
      #expect((0..<problem.rows).allSatisfy { abs(found[$0 * problem.columns + column] - mean) < 1e-6 })
    }
  }
}
