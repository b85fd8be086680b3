import Compute
import Tensor
import Testing

/// Linear layers of the processor against the reference. A sum of K products of numbers up to 1 is off by at most
/// K·2⁻²⁴ times its K terms in any order; the tolerance is that of the mean case, 4·√K·2⁻²⁴ around a sum of size √K,
/// and the rounding of the result.
@Suite struct CPULinearTests {
  let reference = ReferenceDevice()

  @Test(arguments: Setup.all, [(1, 8, 3), (5, 33, 70), (64, 48, 256), (65, 40, 257), (130, 96, 520), (9, 4200, 40)])
  func `a linear layer agrees with the reference`(setup: Setup, size: (rows: Int, inputs: Int, outputs: Int)) throws {
    let (input, exact) = setup.operand(noise([size.rows, size.inputs], seed: 1))
    let parameters = LinearParameters(
      weights: [noise([size.outputs, size.inputs], seed: 2).converted(to: .bfloat16)],
      biases: [noise([size.outputs], seed: 3)])
    let device = setup.device
    let layer = try device.makeLinear(parameters)
    let wanted = reference.linear(exact, reference.makeLinear(parameters), activation: .identity)
    let result = try device.linear(input, layer)
    #expect(result.elementType == setup.type)
    #expect(layer.byteCount >= size.inputs * size.outputs * 2)
    expectClose(result, wanted, relative: setup.unit, absolute: 4 * Float(size.inputs) * 0x1p-24)
  }

  @Test(arguments: Setup.all, [Activation.relu, .silu, .geluTanh, .gelu, .quickGELU])
  func `activations are applied before rounding`(setup: Setup, activation: Activation) throws {
    let (input, exact) = setup.operand(noise([67, 24], seed: 4, scale: 2))
    let parameters = LinearParameters(weights: [exactNoise([40, 24], seed: 5)])
    let device = setup.device
    let result = try device.linear(input, device.makeLinear(parameters), activation: activation)
    let wanted = reference.linear(exact, reference.makeLinear(parameters), activation: activation)
    // oneDNN's error function is within 1.5e-7 and its exponential within 1e-6 of results of up to 20.
    expectClose(result, wanted, relative: setup.unit + 2e-6, absolute: 1e-5)
  }

  @Test(arguments: Setup.all)
  func `stacked weights of several types are one layer, also across panels`(setup: Setup) throws {
    let (input, exact) = setup.operand(noise([9, 20], seed: 6))
    let parameters = LinearParameters(
      weights: [
        exactNoise([200, 20], seed: 7), exactNoise([100, 20], seed: 8).converted(to: .float16),
        exactNoise([31, 20], seed: 9).converted(to: .bfloat16),
      ],
      biases: [noise([200], seed: 10), noise([100], seed: 11).converted(to: .float16), noise([31], seed: 12)])
    let device = setup.device
    let result = try device.linear(input, device.makeLinear(parameters))
    let wanted = reference.linear(exact, reference.makeLinear(parameters), activation: .identity)
    expectClose(result, wanted, relative: setup.unit, absolute: 80 * 0x1p-24)
  }

  @Test(arguments: Setup.all)
  func `a gated linear layer adds to the residual in place`(setup: Setup) throws {
    let (input, exact) = setup.operand(noise([150, 16], seed: 13))
    let (own, exactResidual) = setup.operand(noise([150, 300], seed: 14))
    let parameters = LinearParameters(weights: [exactNoise([300, 16], seed: 15)], biases: [noise([300], seed: 16)])
    let gates = [
      RowGate(rows: 70..<140, gate: noise([300], seed: 17)), RowGate(rows: 3..<5, gate: noise([300], seed: 18)),
    ]
    let device = setup.device
    var residual = try device.concatenate([own])
    let alias = residual
    try device.addLinear(input, device.makeLinear(parameters), to: &residual, gates: gates)
    var wanted = exactResidual
    reference.addLinear(exact, reference.makeLinear(parameters), to: &wanted, gates: gates)
    expectClose(residual, wanted, relative: 2 * setup.unit, absolute: 64 * 0x1p-24)
    #expect(alias.floats() == residual.floats())
  }

  @Test(arguments: [ElementType.float32, .bfloat16])
  func `the number of threads does not change a bit, nor does a repetition`(type: ElementType) throws {
    let input = noise([200, 96], seed: 19).converted(to: type)
    let parameters = LinearParameters(weights: [noise([600, 96], seed: 20)])
    var results: [[Float]] = []
    for threads in [1, 2, 3, 2] {
      let device = CPUDevice(threads: threads, activationType: type)
      results.append(try device.linear(input, device.makeLinear(parameters), activation: .gelu).floats())
    }
    for result in results { #expect(result == results[0]) }
  }
}
