import CKernels
import Tensor

extension CPUDevice {
  /// Rows of one task: enough elements to be worth handing out.
  private func grain(channels: Int) -> Int { max(1, (1 << 15) / max(1, channels)) }

  /// Normalizes every row, scales and shifts it, then modulates it, in one pass.
  public func normalize(_ input: Tensor, _ norm: RowNormalization, modulation: [RowModulation]) throws -> Tensor {
    try measure(.other) {
      let channels = input.shape[-1]
      let result = try makeTensor(input.shape, input.elementType)
      let sections = rowSections(modulation.map(\.rows), count: input.shape.rows)
      workers.run(count: input.shape.rows, grain: grain(channels: channels)) { range in
        for section in sections {
          let rows = section.rows.clamped(to: range)
          guard !rows.isEmpty else { continue }
          normalize(rows, of: input, to: result, norm, section.index.map { modulation[$0] })
        }
      }
      return result
    }
  }

  private func normalize(
    _ rows: Range<Int>, of input: Tensor, to output: Tensor, _ norm: RowNormalization, _ modulation: RowModulation?
  ) {
    let channels = input.shape[-1]
    let offset = rows.lowerBound * channels * input.elementType.byteCount
    for tensor in [norm.weight, norm.bias, modulation?.scale, modulation?.shift] {
      precondition(tensor?.shape.count ?? channels == channels, "a parameter of a norm of \(input) has another length")
    }
    unsafe withFloats(norm.weight) { weight in
      unsafe withFloats(norm.bias) { bias in
        unsafe withFloats(modulation?.scale) { scale in
          unsafe withFloats(modulation?.shift) { shift in
            var parameters = unsafe svg_row_norm(
              centered: norm.kind == .layer, epsilon: norm.epsilon, weight: weight, bias: bias, scale: scale,
              shift: shift)
            unsafe input.withHostPointer { input in
              unsafe output.withHostPointer { target in
                unsafe svg_normalize_rows(
                  instructionSet, output.elementType.kernelElement, input + offset, target + offset,
                  Int64(rows.count), Int64(channels), &parameters)
              }
            }
          }
        }
      }
    }
  }

  /// `activation(x[…, ..<C/2]) · x[…, C/2...]`.
  public func gate(_ input: Tensor, activation: Activation) throws -> Tensor {
    try measure(.other) {
      let half = input.shape[-1] / 2
      precondition(input.shape[-1] == 2 * half, "\(input) has no two halves")
      let result = try makeTensor(Shape(input.shape.dimensions.dropLast() + [half]), input.elementType)
      let bytes = input.elementType.byteCount
      unsafe input.withHostPointer { source in
        unsafe result.withHostPointer { target in
          workers.run(count: input.shape.rows, grain: grain(channels: 2 * half)) { rows in
            unsafe svg_gate_rows(
              instructionSet, input.elementType.kernelElement, source + rows.lowerBound * 2 * half * bytes,
              target + rows.lowerBound * half * bytes, Int64(rows.count), Int64(half), activation.kernelActivation)
          }
        }
      }
      return result
    }
  }

  /// `activation(x)`.
  public func activate(_ input: Tensor, _ activation: Activation) throws -> Tensor {
    try measure(.other) {
      let result = try makeTensor(input.shape, input.elementType)
      let bytes = input.elementType.byteCount
      unsafe input.withHostPointer { source in
        unsafe result.withHostPointer { target in
          workers.run(count: input.shape.count, grain: 1 << 15) { range in
            unsafe svg_activate(
              instructionSet, input.elementType.kernelElement, source + range.lowerBound * bytes,
              target + range.lowerBound * bytes, range.count, activation.kernelActivation)
          }
        }
      }
      return result
    }
  }

  /// `x += y`.
  public func add(_ other: Tensor, to tensor: inout Tensor) throws {
    precondition(
      other.shape.count == tensor.shape.count && other.elementType == tensor.elementType,
      "\(other) cannot be added to \(tensor)")
    let element = tensor.elementType
    measure(.other) {
      unsafe other.withHostPointer { source in
        unsafe tensor.withHostPointer { target in
          workers.run(count: other.shape.count, grain: 1 << 16) { range in
            unsafe svg_add(
              instructionSet, element.kernelElement, source + range.lowerBound * element.byteCount,
              target + range.lowerBound * element.byteCount, range.count)
          }
        }
      }
    }
  }

  /// Rotates every head's pairs of elements, in place.
  public func rotateText(_ rows: inout Tensor, heads: Int, cosine: Tensor, sine: Tensor) throws {
    let width = rows.shape[1]
    let half = width / heads / 2
    precondition(
      width == heads * half * 2 && cosine.shape == [rows.shape[0], half] && sine.shape == cosine.shape,
      "\(cosine) and \(sine) do not fit \(rows) with \(heads) heads")
    let target = rows
    measure(.other) {
      unsafe withFloats(cosine) { cosine in
        unsafe withFloats(sine) { sine in
          guard let cosine = unsafe cosine, let sine = unsafe sine else { return }
          unsafe target.withHostPointer { address in
            workers.run(count: target.shape[0], grain: grain(channels: width)) { range in
              unsafe svg_rotate_halves(
                instructionSet, target.elementType.kernelElement,
                address + range.lowerBound * width * target.elementType.byteCount, Int64(range.count), Int64(heads),
                Int64(2 * half), cosine + range.lowerBound * half, sine + range.lowerBound * half)
            }
          }
        }
      }
    }
  }

  /// The rows of `table` that `ids` name.
  public func embed(_ ids: [Int32], table: Tensor) throws -> Tensor {
    try measure(.other) {
      let channels = table.shape[1]
      let result = try makeTensor([ids.count, channels], activationType)
      unsafe result.withHostPointer { target in
        workers.run(ids.count) { index in
          let row = table.slice(Int(ids[index])..<Int(ids[index]) + 1)
          unsafe row.withHostPointer { source in
            unsafe svg_convert(
              instructionSet, source, table.elementType.kernelNumber,
              target + index * channels * activationType.byteCount, activationType.kernelNumber, channels)
          }
        }
      }
      return result
    }
  }

  /// Softmax attention over a short sequence, one head at a time.
  public func attendText(
    query: Tensor, key: Tensor, value: Tensor, heads: Int, keyHeads: Int, scale: Float, bias: Tensor?, isCausal: Bool
  ) throws -> Tensor {
    try measure(.other) {
      let (rows, keys) = (query.shape[0], key.shape[0])
      let dimension = query.shape[1] / heads
      precondition(
        heads % keyHeads == 0 && key.shape == [keys, keyHeads * dimension] && (!isCausal || rows == keys)
          && value.shape == key.shape,
        "\(key) and \(value) do not fit \(query) with \(heads) heads and \(keyHeads) key heads")
      precondition(
        bias.map { $0.shape == [heads, rows, keys] } ?? true, "the bias is not [\(heads), \(rows), \(keys)]")
      let result = try makeTensor(query.shape, query.elementType)
      let bytes = query.elementType.byteCount
      // Rows are independent of each other, so a head with many of them occupies every thread.
      let grain = isCausal ? rows : 256
      let chunks = (rows + grain - 1) / grain
      try workers.run(heads * chunks) { task in
        let (head, first) = (task / chunks, task % chunks * grain)
        let scratch = try makeTensor([svg_text_scratch_floats(Int64(keys), Int64(dimension))], .float32)
        let rowOffset = (first * heads + head) * dimension * bytes
        let keyOffset = head / (heads / keyHeads) * dimension * bytes
        unsafe withFloats(bias) { bias in
          unsafe withAddresses(query, key, value, result, scratch) { query, key, value, output, scratch in
            var attention = unsafe svg_text_attention(
              element: result.elementType.kernelElement, query: query + rowOffset,
              key: key + keyOffset, value: value + keyOffset, query_stride: Int64(heads * dimension),
              key_stride: Int64(keyHeads * dimension), output: output + rowOffset,
              rows: Int64(min(grain, rows - first)), keys: Int64(keys), dimension: Int64(dimension), scale: scale,
              bias: bias.map { unsafe $0 + (head * rows + first) * keys }, causal: isCausal,
              scratch: scratch.assumingMemoryBound(to: Float.self))
            unsafe svg_attend_text(instructionSet, &attention)
          }
        }
      }
      return result
    }
  }
}

/// Calls `body` with the addresses of five tensors.
private func withAddresses(
  _ a: Tensor, _ b: Tensor, _ c: Tensor, _ d: Tensor, _ e: Tensor,
  _ body: (
    UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer,
    UnsafeMutableRawPointer
  ) -> Void
) {
  unsafe a.withHostPointer { a in
    unsafe b.withHostPointer { b in
      unsafe c.withHostPointer { c in
        unsafe d.withHostPointer { d in
          unsafe e.withHostPointer { e in unsafe body(a, b, c, d, e) }
        }
      }
    }
  }
}
