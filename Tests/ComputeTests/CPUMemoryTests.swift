import Compute
import Tensor
import Testing

@Suite struct CPUMemoryTests {
  private func address(_ tensor: Tensor) -> UInt { unsafe tensor.withHostPointer { UInt(bitPattern: $0) } }

  @Test func `memory of a tensor that died serves the next one of its size`() throws {
    let device = CPUDevice(threads: 1)
    var first: Tensor? = try device.makeTensor([1000], .float32)
    let address = first.map { self.address($0) }
    let use = device.memory
    #expect(use.current >= 4000 && use.current < 4500 && use.idle == 0)
    first = nil
    #expect(device.memory.current == 0 && device.memory.idle == use.current && device.memory.peak == use.current)
    let second = try device.makeTensor([998], .float32)
    #expect(self.address(second) == address && self.address(second) % 64 == 0)
    #expect(device.memory.idle == 0)
  }

  @Test func `trimming gives idle memory back and leaves tensors alone`() throws {
    let device = CPUDevice(threads: 1)
    let kept = try device.makeTensor([10], .float32)
    _ = try device.makeTensor([100_000], .float32)
    #expect(device.memory.idle > 0)
    device.trim()
    #expect(device.memory.idle == 0)
    #expect(device.memory.current >= kept.byteCount)
  }

  @Test func `more memory than there is gives a typed error that says how much`() throws {
    let device = CPUDevice(threads: 1)
    let error = #expect(throws: ComputeError.self) { try device.makeTensor([1 << 45], .float32) }
    #expect(error?.code == .outOfMemory)
    #expect(error?.message.contains("\(1 << 27) MiB") == true)
  }

  @Test func `a limit counts living tensors`() throws {
    let device = CPUDevice(threads: 1, memoryLimit: 1 << 20)
    let half = try device.makeTensor([1 << 18], .float16)
    let error = #expect(throws: ComputeError.self) { try device.makeTensor([1 << 18], .float32) }
    #expect(error?.code == .outOfMemory)
    #expect(half.shape.count == 1 << 18)
  }

  @Test func `idle memory makes room below a limit`() throws {
    let device = CPUDevice(threads: 1, memoryLimit: 1 << 20)
    _ = try device.makeTensor([150_000], .float32)
    #expect(device.memory.idle > 1 << 19)
    let other = try device.makeTensor([200_000], .float32)
    #expect(device.memory.idle == 0 && device.memory.current >= other.byteCount)
  }

  @Test func `sizes that are used one after the other do not pile up`() throws {
    let device = CPUDevice(threads: 1)
    for size in 1...40 {
      _ = try device.makeTensor([size * 1_000_000], .float32)
      let use = device.memory
      #expect(use.current == 0)
      #expect(use.idle <= use.peak * 5 / 4 + (96 << 20))
    }
  }

  @Test func `a small network keeps the blocks of all its sizes`() throws {
    let device = CPUDevice(threads: 1)
    let sizes = (1...8).map { $0 * 300_000 }
    for size in sizes { _ = try device.makeTensor([size], .float32) }
    let idle = device.memory.idle
    for size in sizes { _ = try device.makeTensor([size], .float32) }
    #expect(device.memory.idle == idle && idle >= sizes.reduce(0, +) * 4)
  }

  @Test func `the same operation again allocates nothing`() throws {
    let device = CPUDevice(threads: 1, activationType: .bfloat16)
    let layer = try device.makeLinear(LinearParameters(weights: [noise([300, 50], seed: 2)]))
    let input = noise([100, 50], seed: 1).converted(to: .bfloat16)
    _ = try device.linear(input, layer)
    let use = device.memory
    for _ in 0..<3 { _ = try device.linear(input, layer) }
    #expect(device.memory == use && use.idle > 0)
  }

  @Test func `a zero-sized tensor is fine`() throws {
    #expect(try CPUDevice(threads: 1).makeTensor([0, 5], .bfloat16).byteCount == 0)
  }

  @Test func `time is booked under the kind of work and can be reset`() throws {
    let device = CPUDevice(threads: 1)
    let input = noise([100, 50], seed: 1).converted(to: device.activationType)
    _ = try device.linear(input, device.makeLinear(LinearParameters(weights: [noise([20, 50], seed: 2)])))
    #expect(device.times[.linear] > 0 && device.times[.convolution] == 0)
    device.resetTimes()
    #expect(device.times == OperationTimes())
  }
}
