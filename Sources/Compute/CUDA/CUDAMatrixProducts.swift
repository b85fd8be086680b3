import CCUDA
import Synchronization
import Tensor

/// Matrix products through cuBLASLt.
///
/// `@unchecked Sendable`: the table is filled once and then only read, plans are made and used under the lock, and
/// everything runs on one stream.
final class CUDAMatrixProducts: @unchecked Sendable {
  /// What distinguishes one product from another.
  struct Problem: Hashable {
    /// `[n, K] · [N, K]ᵀ`.
    let rows, inputs, outputs: Int
    let epilogue: Epilogue
    /// Whether the product is added to what is there.
    let accumulates: Bool
  }

  /// What happens to a product before it is rounded.
  struct Epilogue: Hashable {
    let hasBias: Bool
    /// `identity`, `relu` or `geluTanh`.
    let activation: Activation

    /// The library's number for it.
    var number: UInt32 {
      var number: UInt32 = 0
      if hasBias { number |= UInt32(SVG_CUBLASLT_EPILOGUE_BIAS) }
      if activation == .relu { number |= UInt32(SVG_CUBLASLT_EPILOGUE_RELU) }
      if activation == .geluTanh { number |= UInt32(SVG_CUBLASLT_EPILOGUE_GELU_TANH) }
      return number == 0 ? UInt32(SVG_CUBLASLT_EPILOGUE_DEFAULT) : number
    }

    /// Whether the library has the function.
    static func has(_ activation: Activation) -> Bool { [.identity, .relu, .geluTanh].contains(activation) }
  }

  /// A description, three layouts and the way to multiply.
  private struct Plan {
    let description, weights, input, output: CUDAHandle
    var algorithm: svg_cublaslt_algorithm
  }

  /// Bytes that a product may use beside its operands; NVIDIA recommends 32 MiB for Hopper.
  private static let workspaceBytes = 32 << 20

  private let context: CUDAContext
  private let functions: svg_cublaslt
  /// Where the library was found.
  let path: String
  /// For example `130100`.
  var version: Int { functions.cublasLtGetVersion() }
  private let handle: CUDAHandle
  private let workspace: CUDAStorage
  private let plans = Mutex<[Problem: Plan]>([:])

  /// - Parameter path: Where the library was found.
  init(_ context: CUDAContext, functions table: svg_cublaslt, path: String) throws(ComputeError) {
    functions = table
    self.path = path
    self.context = context
    var handle: UnsafeMutableRawPointer?
    var status: Int32 = 0
    try context.call("starting cuBLASLt") { _, _ in
      unsafe status = table.cublasLtCreate(&handle)
      return 0
    }
    guard status == 0 else {
      throw ComputeError(.libraryFailure, "cuBLASLt of \(path) does not start: status \(status)")
    }
    unsafe self.handle = CUDAHandle(handle)
    workspace = try CUDAStorage(byteCount: Self.workspaceBytes, context: context)
  }

  deinit {
    plans.withLock { plans in
      for plan in plans.values {
        _ = unsafe functions.cublasLtMatmulDescDestroy(plan.description.pointer)
        for layout in [plan.weights, plan.input, plan.output] {
          _ = unsafe functions.cublasLtMatrixLayoutDestroy(layout.pointer)
        }
      }
    }
    context.callQuietly { _, _ in _ = unsafe functions.cublasLtDestroy(handle.pointer) }
  }

  /// `output = activation(input · weightsᵀ + bias)`, or `output += …`; all operands bfloat16, sums float32.
  func multiply(
    _ problem: Problem, input: UInt64, weights: UInt64, bias: UInt64?, output: UInt64
  ) throws {
    try plans.withLock { plans in
      var plan = try plans[problem] ?? make(problem, &plans)
      if var bias {
        try check(
          unsafe functions.cublasLtMatmulDescSetAttribute(
            plan.description.pointer, Int32(SVG_CUBLASLT_BIAS_POINTER), &bias, 8), problem)
      }
      var (one, beta): (Float, Float) = (1, problem.accumulates ? 1 : 0)
      var status: Int32 = 0
      try context.call(counting: .launch, "multiplying") { _, stream in
        unsafe status = functions.cublasLtMatmul(
          handle.pointer, plan.description.pointer, &one, pointer(weights), plan.weights.pointer, pointer(input),
          plan.input.pointer, &beta, pointer(output), plan.output.pointer, pointer(output), plan.output.pointer,
          &plan.algorithm, pointer(workspace.address), Self.workspaceBytes, stream.pointer)
        return 0
      }
      try check(status, problem)
    }
  }

  private func make(_ problem: Problem, _ plans: inout [Problem: Plan]) throws(ComputeError) -> Plan {
    let made = try plan(problem)
    plans[problem] = made
    return made
  }

  /// Rows are columns to the library: it is asked for `outputᵀ = weights · inputᵀ`, with the weights transposed once more.
  private func plan(_ problem: Problem) throws(ComputeError) -> Plan {
    var made: UnsafeMutableRawPointer?
    try check(
      unsafe functions.cublasLtMatmulDescCreate(
        &made, Int32(SVG_CUBLASLT_COMPUTE_FLOAT32), Int32(SVG_CUBLASLT_FLOAT32)), problem)
    let description = unsafe CUDAHandle(made)
    for (attribute, number) in [
      (SVG_CUBLASLT_TRANSPOSE_A, UInt32(SVG_CUBLASLT_TRANSPOSED)), (SVG_CUBLASLT_EPILOGUE, problem.epilogue.number),
    ] {
      var number = number
      try check(
        unsafe functions.cublasLtMatmulDescSetAttribute(description.pointer, Int32(attribute), &number, 4), problem)
    }
    func layout(_ rows: Int, _ columns: Int) throws(ComputeError) -> CUDAHandle {
      var layout: UnsafeMutableRawPointer?
      try check(
        unsafe functions.cublasLtMatrixLayoutCreate(
          &layout, Int32(SVG_CUBLASLT_BFLOAT16), UInt64(rows), UInt64(columns), Int64(rows)), problem)
      return unsafe CUDAHandle(layout)
    }
    let weights = try layout(problem.inputs, problem.outputs)
    let input = try layout(problem.inputs, problem.rows)
    let output = try layout(problem.outputs, problem.rows)
    var preference: UnsafeMutableRawPointer?
    try check(unsafe functions.cublasLtMatmulPreferenceCreate(&preference), problem)
    guard let preference = unsafe preference else { preconditionFailure("a preference that was made exists") }
    defer { _ = unsafe functions.cublasLtMatmulPreferenceDestroy(preference) }
    var bytes = UInt64(Self.workspaceBytes)
    try check(
      unsafe functions.cublasLtMatmulPreferenceSetAttribute(
        preference, Int32(SVG_CUBLASLT_WORKSPACE_BYTES), &bytes, 8), problem)
    // Operands are slices of rows of a multiple of 8 numbers.
    for attribute in [
      SVG_CUBLASLT_ALIGNMENT_A, SVG_CUBLASLT_ALIGNMENT_B, SVG_CUBLASLT_ALIGNMENT_C, SVG_CUBLASLT_ALIGNMENT_D,
    ] {
      var alignment: UInt32 = 16
      try check(
        unsafe functions.cublasLtMatmulPreferenceSetAttribute(preference, Int32(attribute), &alignment, 4),
        problem)
    }
    var choice = svg_cublaslt_choice()
    var found: Int32 = 0
    var status: Int32 = 0
    try context.call("choosing how to multiply") { _, _ in
      unsafe status = functions.cublasLtMatmulAlgoGetHeuristic(
        handle.pointer, description.pointer, weights.pointer, input.pointer, output.pointer, output.pointer, preference,
        1, &choice, &found)
      return 0
    }
    try check(status, problem)
    guard found > 0 else { throw ComputeError(.unsupported, "cuBLASLt has no way to multiply \(problem)") }
    return Plan(
      description: description, weights: weights, input: input, output: output, algorithm: choice.algorithm)
  }

  private func check(_ status: Int32, _ problem: Problem) throws(ComputeError) {
    guard status != 0 else { return }
    let words =
      unsafe functions.cublasLtGetStatusString(status).map { unsafe String(cString: $0) } ?? "status \(status)"
    throw ComputeError(
      .libraryFailure,
      "cuBLASLt failed while multiplying \(problem.rows) rows with a linear layer [\(problem.outputs), "
        + "\(problem.inputs)]: \(words)")
  }
}

/// An address on the device as the library's C face wants it.
private func pointer(_ address: UInt64) -> UnsafeMutableRawPointer {
  guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: UInt(address)) else {
    preconditionFailure("memory of a device has an address")
  }
  return unsafe pointer
}
