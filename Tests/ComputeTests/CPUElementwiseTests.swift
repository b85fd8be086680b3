import Compute
import Tensor
import Testing

@Suite struct CPUElementwiseTests {
  let reference = ReferenceDevice()

  @Test(arguments: Setup.all, [(1, 1), (3, 7), (5, 16), (67, 100), (2, 1032)])
  func `norms agree with the reference in every combination of parameters`(
    setup: Setup, size: (rows: Int, channels: Int)
  ) throws {
    let (input, exact) = setup.operand(noise([size.rows, size.channels], seed: 1, scale: 3, offset: 1))
    let vector = (0..<4).map { noise([size.channels], seed: 2 + $0) }
    let modulations = [
      [], [RowModulation(rows: size.rows / 2..<size.rows, scale: vector[2], shift: vector[3])],
    ]
    for kind in [RowNormalization.Kind.layer, .rootMeanSquare] {
      for (weight, bias) in [(nil, nil), (vector[0], nil), (vector[0], vector[1]), (nil, vector[1])] {
        for modulation in modulations {
          let norm = RowNormalization(kind, epsilon: 1e-5, weight: weight, bias: bias)
          let result = try setup.device.normalize(input, norm, modulation: modulation)
          let wanted = reference.normalize(exact, norm, modulation: modulation)
          // Rows have a deviation near 2: the mean costs a few units, each product and sum one more, of values up to 10.
          expectClose(result, wanted, relative: setup.unit + 4e-7, absolute: 4e-6, "\(kind)")
        }
      }
    }
  }

  @Test(arguments: Setup.all, [Activation.identity, .relu, .silu, .geluTanh, .gelu, .quickGELU])
  func `activations and gates agree with double precision`(setup: Setup, activation: Activation) throws {
    var values = (-400...400).map { Float($0) / 16 }
    values += [0, -0.0, 1e-20, -1e-20, 1e-4, -1e-4, 80, -80, 200, -200, 3e4]
    let (input, exact) = setup.operand(floats(values, [2, values.count / 2]))
    let device = setup.device
    let result = try device.activate(input, activation)
    expectClose(result, reference.activate(exact, activation), relative: setup.unit + 1e-6, absolute: 1e-7)
    expectClose(
      try device.gate(input, activation: activation), reference.gate(exact, activation: activation),
      relative: setup.unit + 2e-6, absolute: 2e-6)
  }

  @Test func `activations keep what is not a number`() throws {
    let device = CPUDevice(threads: 1, activationType: .float32)
    for activation in [Activation.relu, .silu, .geluTanh, .gelu, .quickGELU] {
      #expect(try device.activate(floats([.nan], [1, 1]), activation).floats()[0].isNaN, "\(activation)")
    }
  }

  @Test(arguments: Setup.all)
  func `sums are those of the reference`(setup: Setup) throws {
    let (own, exact) = setup.operand(noise([37, 19], seed: 1))
    let (other, exactOther) = setup.operand(noise([37, 19], seed: 2))
    let device = setup.device
    var sum = try device.concatenate([own])
    try device.add(other, to: &sum)
    var wanted = exact
    reference.add(exactOther, to: &wanted)
    expectClose(sum, wanted, relative: setup.unit, absolute: 0x1p-140)
  }

  @Test(arguments: Setup.all, [ElementType.float32, .float16, .bfloat16])
  func `embedding reads rows of any type`(setup: Setup, type: ElementType) throws {
    let table = noise([50, 21], seed: 3).converted(to: type)
    let ids: [Int32] = [49, 0, 7, 7]
    let result = try setup.device.embed(ids, table: table)
    #expect(result.elementType == setup.type)
    expectClose(result, reference.embed(ids, table: table), relative: setup.unit, absolute: 0x1p-140)
  }

  @Test(arguments: [ElementType.float32, .float16, .bfloat16], [ElementType.float32, .float16, .bfloat16])
  func `conversion rounds as the plain one does`(from: ElementType, to: ElementType) throws {
    var values = noise([5000], seed: 4, scale: 3).floats()
    values += [
      0, -0.0, .infinity, -.infinity, 65504, 65519, 65520, 1e9, -1e9, 6e-8, 2.9e-8, 3e-8, 1e-5, -6.1e-5,
      Float(bitPattern: 71_362),
    ]
    let input = floats(values, [values.count]).converted(to: from)
    let result = try CPUDevice(threads: 2).convert(input, to: to).floats()
    #expect(result.map(\.bitPattern) == input.converted(to: to).floats().map(\.bitPattern))
    let invalid = try CPUDevice(threads: 1).convert(floats([.nan], [1]).converted(to: from), to: to)
    #expect(invalid.floats()[0].isNaN)
  }

  @Test(arguments: Setup.all, [(1, 8), (7, 5), (33, 16), (70, 64)])
  func `text attention agrees with the reference`(setup: Setup, size: (rows: Int, dimension: Int)) throws {
    for (heads, keyHeads) in [(2, 2), (4, 2), (3, 1)] {
      let (query, exactQuery) = setup.operand(noise([size.rows, heads * size.dimension], seed: 5))
      let (key, exactKey) = setup.operand(noise([size.rows, keyHeads * size.dimension], seed: 6))
      let (value, exactValue) = setup.operand(noise([size.rows, keyHeads * size.dimension], seed: 7))
      for (bias, isCausal) in [
        (nil, false), (nil, true), (noise([heads, size.rows, size.rows], seed: 8, scale: 4), false),
      ] {
        let result = try setup.device.attendText(
          query: query, key: key, value: value, heads: heads, keyHeads: keyHeads, scale: 0.5, bias: bias,
          isCausal: isCausal)
        let wanted = reference.attendText(
          query: exactQuery, key: exactKey, value: exactValue, heads: heads, keyHeads: keyHeads, scale: 0.5,
          bias: bias, isCausal: isCausal)
        // Scores of up to 32 are off by 32 units at most, and so is the exponent of each weight.
        expectClose(result, wanted, relative: setup.unit, absolute: 64 * 0x1p-24)
      }
    }
  }

  @Test(arguments: Setup.all, [(1, 9), (300, 5), (70, 333), (513, 40)])
  func `text attention with other numbers of queries than of keys agrees with the reference`(
    setup: Setup, rows: (queries: Int, keys: Int)
  ) throws {
    let (heads, dimension) = (2, 8)
    let (query, exactQuery) = setup.operand(noise([rows.queries, heads * dimension], seed: 5))
    let (key, exactKey) = setup.operand(noise([rows.keys, heads * dimension], seed: 6))
    let (value, exactValue) = setup.operand(noise([rows.keys, heads * dimension], seed: 7))
    for bias in [nil, noise([heads, rows.queries, rows.keys], seed: 8, scale: 4)] {
      let result = try setup.device.attendText(
        query: query, key: key, value: value, heads: heads, keyHeads: heads, scale: 0.5, bias: bias, isCausal: false)
      let wanted = reference.attendText(
        query: exactQuery, key: exactKey, value: exactValue, heads: heads, keyHeads: heads, scale: 0.5, bias: bias,
        isCausal: false)
      // As above; sums of a few hundred weights add units of their own.
      expectClose(result, wanted, relative: setup.unit, absolute: 128 * 0x1p-24)
    }
  }

  @Test(arguments: Setup.all, [(1, 1, 2), (7, 3, 10), (33, 4, 64)])
  func `rotated heads are those of the reference`(setup: Setup, size: (rows: Int, heads: Int, dimension: Int)) throws {
    let (own, exact) = setup.operand(noise([size.rows, size.heads * size.dimension], seed: 9))
    let cosine = noise([size.rows, size.dimension / 2], seed: 10)
    let sine = noise([size.rows, size.dimension / 2], seed: 11)
    var rotated = try setup.device.concatenate([own])
    try setup.device.rotateText(&rotated, heads: size.heads, cosine: cosine, sine: sine)
    var wanted = exact
    try reference.rotateText(&wanted, heads: size.heads, cosine: cosine, sine: sine)
    #expect(rotated.elementType == setup.type)
    // Two products of numbers below 4 that may cancel.
    expectClose(rotated, wanted, relative: setup.unit, absolute: 32 * 0x1p-24)
  }

  @Test(arguments: [ElementType.float32, .bfloat16])
  func `joining copies slices in order`(type: ElementType) throws {
    let tensor = noise([10, 3], seed: 9).converted(to: type)
    let joined = try CPUDevice(threads: 2).concatenate([tensor.slice(7..<10), tensor.slice(0..<1)])
    #expect(joined.shape == [4, 3])
    #expect(joined.floats() == tensor.slice(7..<10).floats() + tensor.slice(0..<1).floats())
  }
}
