import CCUDA

/// A descriptor of cuDNN's graph interface: it is made, gets its attributes, is finished, and then only read.
///
/// `@unchecked Sendable`: the table and the handle never change, and a finished descriptor may be read from any thread.
@safe
final class CUDNNDescriptor: @unchecked Sendable {
  /// A value that an attribute has.
  enum Value {
    case integers([Int64])
    case float(Float)
    case boolean(Bool)
    /// A number of an enumeration, whose type has a number too.
    case number(Int, type: Int)
    case descriptors([CUDNNDescriptor])
    /// Addresses on the device.
    case addresses([UInt64])
    case handle(CUDAHandle)
  }

  private let functions: svg_cudnn
  fileprivate let handle: CUDAHandle
  /// Descriptors that this one names.
  private var named: [CUDNNDescriptor] = []

  /// Makes a descriptor without attributes.
  init(_ functions: svg_cudnn, _ kind: Int) throws(CUDNNStatus) {
    var handle: UnsafeMutableRawPointer?
    try CUDNNStatus.check(unsafe functions.cudnnBackendCreateDescriptor(Int32(kind), &handle), functions)
    self.functions = functions
    unsafe self.handle = CUDAHandle(handle)
  }

  /// Makes a descriptor, sets its attributes and finishes it.
  convenience init(_ functions: svg_cudnn, _ kind: Int, _ attributes: [(Int, Value)]) throws(CUDNNStatus) {
    try self.init(functions, kind)
    for (attribute, value) in attributes { try set(attribute, value) }
    try CUDNNStatus.check(unsafe functions.cudnnBackendFinalize(handle.pointer), functions)
  }

  deinit { _ = unsafe functions.cudnnBackendDestroyDescriptor(handle.pointer) }

  private func set(_ attribute: Int, _ value: Value) throws(CUDNNStatus) {
    switch value {
    case .integers(let values): try set(attribute, SVG_CUDNN_TYPE_INT64, values)
    case .float(let value): try set(attribute, SVG_CUDNN_TYPE_FLOAT, [value])
    case .boolean(let value): try set(attribute, SVG_CUDNN_TYPE_BOOLEAN, [value])
    case .number(let value, let type): try set(attribute, type, [Int32(value)])
    case .descriptors(let values):
      named += values
      try set(attribute, SVG_CUDNN_TYPE_DESCRIPTOR, values.map { $0.handle.bits })
    case .addresses(let values): try set(attribute, SVG_CUDNN_TYPE_POINTER, values)
    case .handle(let value):
      try set(attribute, SVG_CUDNN_TYPE_HANDLE, [value.bits])
    }
  }

  private func set<Element: BitwiseCopyable>(
    _ attribute: Int, _ type: some BinaryInteger, _ values: [Element]
  ) throws(CUDNNStatus) {
    let status = unsafe values.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return Int32(0) }
      return unsafe functions.cudnnBackendSetAttribute(
        handle.pointer, Int32(attribute), Int32(type), Int64(values.count), base)
    }
    try CUDNNStatus.check(status, functions)
  }

  /// An attribute that the library computed.
  func integer(_ attribute: Int) throws(CUDNNStatus) -> Int {
    var (value, count) = (Int64(0), Int64(0))
    try CUDNNStatus.check(
      unsafe functions.cudnnBackendGetAttribute(
        handle.pointer, Int32(attribute), Int32(SVG_CUDNN_TYPE_INT64), 1, &count, &value), functions)
    return Int(value)
  }

  /// Numbers of an enumeration that the library computed, at most `most` of them.
  func numbers(_ attribute: Int, type: Int, most: Int) throws(CUDNNStatus) -> [Int32] {
    var values = [Int32](repeating: 0, count: most)
    var count: Int64 = 0
    let status = unsafe values.withUnsafeMutableBytes { bytes in
      unsafe functions.cudnnBackendGetAttribute(
        handle.pointer, Int32(attribute), Int32(type), Int64(most), &count, bytes.baseAddress)
    }
    try CUDNNStatus.check(status, functions)
    return Array(values.prefix(Int(count)))
  }

  /// Descriptors that the library made, at most `most` of them.
  func descriptors(_ attribute: Int, kind: Int, most: Int) throws(CUDNNStatus) -> [CUDNNDescriptor] {
    var made: [CUDNNDescriptor] = []
    for _ in 0..<most { made.append(try CUDNNDescriptor(functions, kind)) }
    var addresses = made.map { $0.handle.bits }
    var count: Int64 = 0
    let status = unsafe addresses.withUnsafeMutableBytes { bytes in
      unsafe functions.cudnnBackendGetAttribute(
        handle.pointer, Int32(attribute), Int32(SVG_CUDNN_TYPE_DESCRIPTOR), Int64(most), &count, bytes.baseAddress)
    }
    try CUDNNStatus.check(status, functions)
    // What was found may be about what this descriptor names.
    for descriptor in made { descriptor.named.append(self) }
    return Array(made.prefix(Int(count)))
  }

  /// Runs a plan with the operands that a variant pack names.
  static func execute(
    _ plan: CUDNNDescriptor, _ pack: CUDNNDescriptor, handle: CUDAHandle
  ) throws(CUDNNStatus) {
    try CUDNNStatus.check(
      unsafe plan.functions.cudnnBackendExecute(handle.pointer, plan.handle.pointer, pack.handle.pointer),
      plan.functions)
  }
}

/// A failure that cuDNN reports.
struct CUDNNStatus: Error, CustomStringConvertible {
  /// The library's number for it.
  let number: Int
  /// The library's words about it.
  let description: String

  /// Throws when a call has failed.
  static func check(_ status: Int32, _ functions: svg_cudnn) throws(CUDNNStatus) {
    guard status != 0 else { return }
    let name =
      unsafe functions.cudnnGetErrorString(status).map { unsafe String(cString: $0) } ?? "status \(status)"
    let details = unsafe [UInt8](unsafeUninitializedCapacity: 512) { buffer, count in
      unsafe buffer.initialize(repeating: 0)
      let text = unsafe UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
      unsafe functions.cudnnGetLastErrorString(text, 512)
      count = unsafe buffer.firstIndex(of: 0) ?? 0
    }
    let words = String(decoding: details, as: UTF8.self)
    throw CUDNNStatus(number: Int(status), description: words.isEmpty ? name : "\(name) (\(words))")
  }
}
