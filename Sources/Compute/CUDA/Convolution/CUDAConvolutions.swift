import CCUDA
import Synchronization
import Tensor

/// Convolutions through cuDNN.
///
/// `@unchecked Sendable`: the table is filled once and then only read, plans are made under the lock and never change, and
/// everything runs on one stream.
final class CUDAConvolutions: @unchecked Sendable {
  /// A way to convolve that the library has prepared.
  struct Plan: Sendable {
    let descriptor: CUDNNDescriptor
    /// Bytes that it needs beside its operands.
    let workspaceBytes: Int
    /// Whether it adds to what the output already holds, which must be the bias; else it adds the bias itself.
    let addsToOutput: Bool
  }

  /// Bytes that a plan may need beside its operands: ways that turn whole operands around are left out.
  static let mostWorkspaceBytes = 256 << 20
  /// Ways that are tried for a problem: preparing one takes time, even in vain.
  private static let mostTries = 4

  /// When it is asked.
  let choice: CUDAConvolutionChoice
  /// Bytes of a copy with a border, at most.
  let mostCopiedBytes: Int
  private let context: CUDAContext
  private let functions: svg_cudnn
  private let handle: CUDAHandle
  private let plans = Mutex<[CUDAConvolutionProblem: Plan?]>([:])
  /// Where the library was found.
  let path: String

  /// The version in words, for example `9.28.1`.
  static func words(version: Int) -> String { "\(version / 10_000).\(version % 10_000 / 100).\(version % 100)" }

  /// Throws when the library was made for another major version of CUDA than the cuBLASLt that it will call: it ends the
  /// process where it does not find its own.
  /// - Parameters:
  ///   - version: Of CUDA, for example 13000.
  ///   - productsVersion: Of cuBLASLt, for example 130100.
  static func requireSameCUDA(_ version: Int, path: String, productsVersion: Int) throws(ComputeError) {
    let (own, other) = (version / 1000, productsVersion / 10_000)
    guard own != other, other > 0 else { return }
    throw ComputeError(
      .unavailable,
      "\(path) was made for CUDA \(own), and cuBLASLt is that of CUDA \(other): install nvidia-cudnn-cu\(other)")
  }

  /// - Parameters:
  ///   - path: Where the library was found.
  ///   - productsVersion: Of cuBLASLt, which the library calls.
  ///   - choice: When it is asked.
  ///   - mostCopiedBytes: Of a copy with a border; a frame by itself may take more.
  /// - Throws: ``ComputeError`` with the code `unavailable` for a library that does not start on this GPU.
  init(
    _ context: CUDAContext, functions table: svg_cudnn, path: String, productsVersion: Int,
    choice: CUDAConvolutionChoice, mostCopiedBytes: Int = CUDAConvolutionForm.copyBytes
  ) throws(ComputeError) {
    try Self.requireSameCUDA(table.cudnnGetCudartVersion(), path: path, productsVersion: productsVersion)
    var handle: UnsafeMutableRawPointer?
    var failure: CUDNNStatus?
    try context.call("starting cuDNN") { _, stream in
      do throws(CUDNNStatus) {
        try CUDNNStatus.check(unsafe table.cudnnCreate(&handle), table)
        guard let handle = unsafe handle else { return 0 }
        try CUDNNStatus.check(unsafe table.cudnnSetStream(handle, stream.pointer), table)
      } catch { failure = error }
      return 0
    }
    if let failure { throw ComputeError(.unavailable, "cuDNN of \(path) does not start: \(failure)") }
    functions = table
    self.path = path
    self.choice = choice
    self.mostCopiedBytes = mostCopiedBytes
    self.context = context
    unsafe self.handle = CUDAHandle(handle)
  }

  deinit {
    plans.withLock { $0 = [:] }
    context.callQuietly { _, _ in _ = unsafe functions.cudnnDestroy(handle.pointer) }
  }

  /// The way to convolve, chosen when the problem first comes up; `nil` when the library has none.
  func plan(for problem: CUDAConvolutionProblem) throws(ComputeError) -> Plan? {
    try plans.withLock { plans throws(ComputeError) in
      if let known = plans[problem] { return known }
      var plan: Plan?
      try context.call("choosing how to convolve") { _, _ in
        plan = choose(problem)
        return 0
      }
      plans[problem] = .some(plan)
      return plan
    }
  }

  /// What may become of the bias.
  private enum Bias: CaseIterable {
    /// The graph adds it to the float32 sums.
    case added
    /// It is in the output, rounded to bfloat16 as weights are, when the convolution is added to that.
    case inOutput
  }

  /// The first way of the library's choice that it has ready and that needs little memory. Ways that it compiles at run
  /// time are left out: on an H200 each problem took half a second of that, and a decoder has a hundred of them.
  private func choose(_ problem: CUDAConvolutionProblem) -> Plan? {
    var tries = 0
    for bias in Bias.allCases {
      // What the library does not support it says by failing: then the next way is tried.
      guard let graph = try? graph(problem, bias), let configurations = try? configurations(graph) else { continue }
      for configuration in configurations where (try? isCompiledAtRunTime(configuration)) == false {
        if let plan = try? plan(configuration, bias) { return plan }
        tries += 1
        if tries == Self.mostTries { return nil }
      }
    }
    return nil
  }

  /// Whether the engine of a configuration is compiled when a plan is made of it.
  private func isCompiledAtRunTime(_ configuration: CUDNNDescriptor) throws(CUDNNStatus) -> Bool {
    let engines = try configuration.descriptors(
      Int(SVG_CUDNN_CONFIGURATION_ENGINE), kind: Int(SVG_CUDNN_ENGINE), most: 1)
    for engine in engines {
      let notes = try engine.numbers(
        Int(SVG_CUDNN_ENGINE_BEHAVIOR), type: Int(SVG_CUDNN_TYPE_BEHAVIOR_NOTE), most: 16)
      if notes.contains(Int32(SVG_CUDNN_COMPILED_AT_RUN_TIME)) { return true }
    }
    return false
  }

  private func plan(_ configuration: CUDNNDescriptor, _ bias: Bias) throws(CUDNNStatus) -> Plan? {
    let descriptor = try CUDNNDescriptor(
      functions, Int(SVG_CUDNN_EXECUTION_PLAN),
      [
        (Int(SVG_CUDNN_PLAN_HANDLE), .handle(handle)),
        (Int(SVG_CUDNN_PLAN_CONFIGURATION), .descriptors([configuration])),
      ])
    let bytes = try descriptor.integer(Int(SVG_CUDNN_PLAN_WORKSPACE_BYTES))
    guard bytes <= Self.mostWorkspaceBytes else { return nil }
    return Plan(descriptor: descriptor, workspaceBytes: bytes, addsToOutput: bias == .inOutput)
  }

  private func configurations(_ graph: CUDNNDescriptor) throws(CUDNNStatus) -> [CUDNNDescriptor] {
    let search = try CUDNNDescriptor(
      functions, Int(SVG_CUDNN_ENGINE_HEURISTIC),
      [
        (Int(SVG_CUDNN_HEURISTIC_GRAPH), .descriptors([graph])),
        (Int(SVG_CUDNN_HEURISTIC_MODE), .number(Int(SVG_CUDNN_HEURISTIC_A), type: Int(SVG_CUDNN_TYPE_HEURISTIC_MODE))),
      ])
    return try search.descriptors(
      Int(SVG_CUDNN_HEURISTIC_RESULTS), kind: Int(SVG_CUDNN_ENGINE_CONFIGURATION), most: 16)
  }

  /// The tensors of a graph.
  private enum Operand: Int64 {
    case input = 1
    case weights, bias, output, sums
  }

  private func tensor(
    _ operand: Operand, _ layout: CUDAConvolutionProblem.Layout, _ type: some BinaryInteger
  ) throws(CUDNNStatus) -> CUDNNDescriptor {
    try CUDNNDescriptor(
      functions, Int(SVG_CUDNN_TENSOR),
      [
        (Int(SVG_CUDNN_TENSOR_IDENTIFIER), .integers([operand.rawValue])),
        (Int(SVG_CUDNN_TENSOR_TYPE), .number(Int(type), type: Int(SVG_CUDNN_TYPE_DATA_TYPE))),
        (Int(SVG_CUDNN_TENSOR_ALIGNMENT), .integers([16])),
        (Int(SVG_CUDNN_TENSOR_EXTENTS), .integers(layout.extents)),
        (Int(SVG_CUDNN_TENSOR_STRIDES), .integers(layout.strides)),
        // Sums between the two operations are nowhere in memory.
        (Int(SVG_CUDNN_TENSOR_IS_VIRTUAL), .boolean(operand == .sums)),
      ])
  }

  /// The convolution, and perhaps the addition of the bias to its float32 sums.
  private func graph(_ problem: CUDAConvolutionProblem, _ bias: Bias) throws(CUDNNStatus) -> CUDNNDescriptor {
    let float32 = CUDNNDescriptor.Value.number(Int(SVG_CUDNN_FLOAT32), type: Int(SVG_CUDNN_TYPE_DATA_TYPE))
    let output = try tensor(.output, problem.output, SVG_CUDNN_BFLOAT16)
    let sums = bias == .added ? try tensor(.sums, problem.output, SVG_CUDNN_FLOAT32) : output
    let directions = problem.size.count
    let convolution = try CUDNNDescriptor(
      functions, Int(SVG_CUDNN_CONVOLUTION),
      [
        (Int(SVG_CUDNN_CONVOLUTION_DIMENSIONS), .integers([Int64(directions)])),
        (Int(SVG_CUDNN_CONVOLUTION_PRECISION), float32),
        (
          Int(SVG_CUDNN_CONVOLUTION_MODE),
          .number(Int(SVG_CUDNN_CROSS_CORRELATION), type: Int(SVG_CUDNN_TYPE_CONVOLUTION_MODE))
        ),
        (Int(SVG_CUDNN_CONVOLUTION_DILATIONS), .integers([Int64](repeating: 1, count: directions))),
        (Int(SVG_CUDNN_CONVOLUTION_STRIDES), .integers(problem.steps.map(Int64.init))),
        (Int(SVG_CUDNN_CONVOLUTION_PADDING_BEFORE), .integers(problem.padding.map(Int64.init))),
        (Int(SVG_CUDNN_CONVOLUTION_PADDING_AFTER), .integers(problem.padding.map(Int64.init))),
      ])
    let forward = try CUDNNDescriptor(
      functions, Int(SVG_CUDNN_CONVOLUTION_FORWARD),
      [
        (Int(SVG_CUDNN_FORWARD_CONVOLUTION), .descriptors([convolution])),
        (Int(SVG_CUDNN_FORWARD_INPUT), .descriptors([try tensor(.input, problem.input, SVG_CUDNN_BFLOAT16)])),
        (Int(SVG_CUDNN_FORWARD_WEIGHTS), .descriptors([try tensor(.weights, problem.weights, SVG_CUDNN_BFLOAT16)])),
        (Int(SVG_CUDNN_FORWARD_OUTPUT), .descriptors([sums])),
        (Int(SVG_CUDNN_FORWARD_ALPHA), .float(1)),
        (Int(SVG_CUDNN_FORWARD_BETA), .float(bias == .inOutput ? 1 : 0)),
      ])
    var operations = [forward]
    if bias == .added {
      let addition = try CUDNNDescriptor(
        functions, Int(SVG_CUDNN_POINTWISE),
        [
          (Int(SVG_CUDNN_POINTWISE_MODE), .number(Int(SVG_CUDNN_ADD), type: Int(SVG_CUDNN_TYPE_POINTWISE_MODE))),
          (Int(SVG_CUDNN_POINTWISE_PRECISION), float32),
        ])
      operations.append(
        try CUDNNDescriptor(
          functions, Int(SVG_CUDNN_POINTWISE_OPERATION),
          [
            (Int(SVG_CUDNN_OPERATION_POINTWISE), .descriptors([addition])),
            (Int(SVG_CUDNN_OPERATION_INPUT), .descriptors([sums])),
            (
              Int(SVG_CUDNN_OPERATION_OTHER_INPUT),
              .descriptors([try tensor(.bias, problem.bias, SVG_CUDNN_FLOAT32)])
            ),
            (Int(SVG_CUDNN_OPERATION_OUTPUT), .descriptors([output])),
          ]))
    }
    return try CUDNNDescriptor(
      functions, Int(SVG_CUDNN_OPERATION_GRAPH),
      [
        (Int(SVG_CUDNN_GRAPH_HANDLE), .handle(handle)),
        (Int(SVG_CUDNN_GRAPH_OPERATIONS), .descriptors(operations)),
      ])
  }

  /// Gives a convolution to the stream.
  /// - Parameters:
  ///   - bias: Used when the plan does not find it in the output.
  func run(_ plan: Plan, input: UInt64, weights: UInt64, bias: UInt64, output: UInt64) throws(ComputeError) {
    // Memory is taken and given back in the order of the stream.
    let workspace = try CUDAStorage(byteCount: plan.workspaceBytes, context: context)
    var operands: [(Operand, UInt64)] = [(.input, input), (.weights, weights), (.output, output)]
    if !plan.addsToOutput { operands.append((.bias, bias)) }
    let attributes: [(Int, CUDNNDescriptor.Value)] = [
      (Int(SVG_CUDNN_PACK_IDENTIFIERS), .integers(operands.map(\.0.rawValue))),
      (Int(SVG_CUDNN_PACK_POINTERS), .addresses(operands.map(\.1))),
      (Int(SVG_CUDNN_PACK_WORKSPACE), .addresses([workspace.address])),
    ]
    // A handle is for one thread at a time.
    try plans.withLock { _ throws(ComputeError) in
      var failure: CUDNNStatus?
      try context.call(counting: .launch, "convolving") { _, _ in
        do throws(CUDNNStatus) {
          let pack = try CUDNNDescriptor(functions, Int(SVG_CUDNN_VARIANT_PACK), attributes)
          try CUDNNDescriptor.execute(plan.descriptor, pack, handle: handle)
        } catch { failure = error }
        return 0
      }
      if let failure { throw ComputeError(.libraryFailure, "cuDNN failed while convolving: \(failure)") }
    }
  }
}
