import Tensor

extension CUDADevice {
  /// Channels that a thread of a kernel for rows takes at a time: 8 where everything lies at a multiple of 16 bytes.
  func pieceWidth(_ channels: Int, _ operands: [Tensor]) -> Int {
    channels % 8 == 0 && operands.allSatisfy { $0.deviceAddress % 16 == 0 } ? 8 : 1
  }

  /// Normalizes every row, scales and shifts it, then modulates it.
  public func normalize(_ input: Tensor, _ norm: RowNormalization, modulation: [RowModulation]) throws -> Tensor {
    let channels = input.shape[-1]
    precondition(input.elementType == activationType, "rows that are normalized are \(activationType), not \(input)")
    let parameters = [norm.weight, norm.bias].compactMap { $0 } + modulation.flatMap { [$0.scale, $0.shift] }
    for tensor in parameters {
      precondition(
        tensor.shape.count == channels && tensor.elementType == .float32,
        "a parameter of a norm of \(input) is not float32 [\(channels)]")
    }
    return try measure(.other) {
      let result = try makeTensor(input.shape, activationType)
      let width = pieceWidth(channels, [input] + parameters)
      for launch in CUDARowLaunch.launches(modulation.map(\.rows), count: input.shape.rows) {
        let offset = UInt64(launch.firstRow * channels * activationType.byteCount)
        try kernels.launch("normalize_rows_\(width)", in: .rows, .rows(launch.rowCount)) {
          $0.pointer(input.deviceAddress + offset)
          $0.pointer(result.deviceAddress + offset)
          $0.int(channels)
          $0.int(norm.kind == .layer ? 1 : 0)
          $0.float(norm.epsilon)
          $0.int(launch.firstRows)
          $0.pointer(norm.weight?.deviceAddress)
          $0.pointer(norm.bias?.deviceAddress)
          launch.addresses({ modulation[$0].scale }, to: &$0)
          launch.addresses({ modulation[$0].shift }, to: &$0)
        }
      }
      return result
    }
  }

  /// `activation(x[…, ..<C/2]) · x[…, C/2...]`.
  public func gate(_ input: Tensor, activation: Activation) throws -> Tensor {
    let half = input.shape[-1] / 2
    precondition(input.shape[-1] == 2 * half, "\(input) has no two halves")
    return try measure(.other) {
      let result = try makeTensor(Shape(input.shape.dimensions.dropLast() + [half]), input.elementType)
      try kernels.launch("gate_rows", in: .values, .rows(min(input.shape.rows, 1 << 20))) {
        $0.pointer(input.deviceAddress)
        $0.pointer(result.deviceAddress)
        $0.long(input.shape.rows)
        $0.int(half)
        $0.int(input.elementType.kernelCode)
        $0.int(activation.kernelCode)
      }
      return result
    }
  }

  /// `activation(x)`.
  public func activate(_ input: Tensor, _ activation: Activation) throws -> Tensor {
    try measure(.other) {
      let result = try makeTensor(input.shape, input.elementType)
      try activate(input, activation, into: result)
      return result
    }
  }

  /// Writes `activation(x)` to a tensor, perhaps `input` itself.
  func activate(_ input: Tensor, _ activation: Activation, into result: Tensor) throws {
    guard input.shape.count > 0 else { return }
    try kernels.launch("activate_values", in: .values, elements(input.shape.count)) {
      $0.pointer(input.deviceAddress)
      $0.pointer(result.deviceAddress)
      $0.long(input.shape.count)
      $0.int(input.elementType.kernelCode)
      $0.int(activation.kernelCode)
    }
  }

  /// `x += y`.
  public func add(_ other: Tensor, to tensor: inout Tensor) throws {
    precondition(
      other.shape.count == tensor.shape.count && other.elementType == tensor.elementType,
      "\(other) cannot be added to \(tensor)")
    let target = tensor
    guard other.shape.count > 0 else { return }
    try measure(.other) {
      try kernels.launch("add_values", in: .values, elements(other.shape.count)) {
        $0.pointer(other.deviceAddress)
        $0.pointer(target.deviceAddress)
        $0.long(other.shape.count)
        $0.int(target.elementType.kernelCode)
      }
    }
  }

  /// The rows of `table` that `ids` name: gathered in the processor's memory, then copied.
  public func embed(_ ids: [Int32], table: Tensor) throws -> Tensor {
    let rows = Tensor.host([ids.count, table.shape[1]], table.elementType)
    unsafe rows.withHostPointer { target in
      for (index, id) in ids.enumerated() {
        let row = table.slice(Int(id)..<Int(id) + 1)
        unsafe row.withHostPointer { source in
          unsafe (target + index * row.byteCount).copyMemory(from: source, byteCount: row.byteCount)
        }
      }
    }
    return try upload(rows, as: activationType)
  }
}
