import Attention
import Synchronization
import Tensor
import TestSupport
import Testing

@testable import Compute

/// The CUDA device on a GPU that is emulated: what `DeviceCheckTests` do not see.
@Suite struct CUDAEmulationTests {
  @Test func `memory that is not there is named, with what has it and what to do`() throws {
    let device = try CUDADevice.emulated()
    let error = #expect(throws: ComputeError.self) { try device.makeTensor([3 << 30], .bfloat16) }
    #expect(error?.code == .outOfMemory)
    #expect(error?.message.contains("6144 MiB of memory are needed on emulated GPU") == true, "\(error?.message ?? "")")
    func words(free: Int, own: Int) -> String {
      CUDAContext.outOfMemory(
        6 << 30, device: "GPU", free: free << 30, use: MemoryUse(current: own << 30, peak: 0, idle: 1 << 30),
        total: 80 << 30)
    }
    #expect(words(free: 4, own: 75).contains("5120 of 81920 MiB are free, 76800 MiB in use by this program: choose"))
    #expect(words(free: 4, own: 35).contains("end other programs that use the GPU, which hold 40960 MiB"))
  }

  @Test func `the footprint remembers tensors that are gone`() throws {
    let device = try CUDADevice.emulated()
    _ = try device.makeTensor([32 << 20], .bfloat16)
    #expect(device.peakFootprint >= 64 << 20)
  }

  @Test func `what a GPU is asked is counted, and only reading waits`() throws {
    let device = try CUDADevice.emulated()
    let start = device.activity
    let rows = try device.upload(noise([6, 16], seed: 1), as: .bfloat16)
    let uploaded = device.activity - start
    // The result and the float32 copy that is converted to it.
    #expect(uploaded.allocations == 2 && uploaded.copies == 1 && uploaded.launches == 1 && uploaded.waits == 0)
    _ = try device.download(rows)
    let read = device.activity - start
    #expect(read.launches == 2 && read.copies == 2 && read.waits == 1 && read.waitingSeconds >= 0)
  }

  @Test func `text and video have their own parameters in one launch`() throws {
    let device = try CUDADevice.emulated()
    var rows = try device.upload(noise([6, 16], seed: 1), as: .bfloat16)
    let vectors = try (0..<2).map { try device.upload(noise([16], seed: $0), as: .float32) }
    let layer = try device.makeLinear(LinearParameters(weights: [exactNoise([16, 16], seed: 2)], biases: []))
    let ranges = [2..<6, 0..<2]
    let start = device.activity
    let normed = try device.normalize(
      rows, RowNormalization(.layer, epsilon: 1e-6),
      modulation: zip(ranges, vectors).map { RowModulation(rows: $0, scale: $1, shift: $1) })
    #expect((device.activity - start).launches == 1)
    try device.addLinear(
      normed, layer, to: &rows, gates: zip(ranges, vectors).map { RowGate(rows: $0, gate: $1) })
    #expect((device.activity - start).launches == 3)
  }

  @Test func `launches of rows take two sections each and leave none out`() {
    for ranges in [[], [0..<9], [3..<5], [6..<9, 0..<6], [1..<2, 3..<4, 5..<6, 8..<9], [0..<0]] as [[Range<Int>]] {
      var next = 0
      for launch in CUDARowLaunch.launches(ranges, count: 9) {
        #expect(launch.firstRow == next && launch.sections.count <= 2 && launch.rowCount > 0)
        #expect(launch.firstRows == launch.sections.first?.rows.count)
        var row = next
        for section in launch.sections {
          #expect(section.rows.lowerBound == row && section.index.map { ranges[$0] == section.rows } ?? true)
          row = section.rows.upperBound
        }
        next += launch.rowCount
      }
      #expect(next == 9)
    }
    #expect(CUDARowLaunch.launches([], count: 0).isEmpty)
  }

  @Test func `the way to attend text depends on its sizes alone`() {
    func choice(_ keys: Int, _ dimension: Int, bias: Bool = false, causal: Bool = false) -> CUDATextAttention {
      CUDATextAttention(keys: keys, dimension: dimension, hasBias: bias, isCausal: causal)
    }
    #expect(choice(226, 64, bias: true) == .rows && choice(351, 128, causal: true) == .rows)
    #expect(choice(1024, 512) == .tiles && choice(72_000, 512) == .tiles)
    #expect(choice(72_000, 520) == .rowsInMemory && choice(30_000, 64, bias: true) == .rowsInMemory)
    for (keys, dimension) in [(1, 1), (25_000, 64), (25_300, 64), (72_000, 512), (72_000, 4000)] {
      for choice in [choice(keys, dimension), choice(keys, dimension, bias: true)] {
        let part = choice.rowsOfLaunch(rows: 14_400, heads: 1, keys: keys)
        let launch = choice.launch(rows: part, heads: 1, keys: keys, dimension: dimension)
        #expect(part > 0 && launch.grid.x > 0 && launch.sharedBytes <= CUDATextAttention.sharedBytes)
        #expect(choice != .rowsInMemory || part * keys <= 1 << 26)
      }
    }
  }

  @Test func `what is uploaded comes back, however many pieces it takes`() throws {
    let device = try CUDADevice.emulated()
    // Below and above what is copied at once, and more than all of the pinned memory.
    let counts = [0, 1, 1 << 18, 1 << 18 + 1, 1_400_001, 1_400_001, 17_500_000]
    let uploaded = try counts.map { count in
      var values = [Float](repeating: Float(count % 7), count: count)
      for place in stride(from: 0, to: count, by: 65_521) { values[place] = Float(place) }
      return (values, try device.upload(Tensor(values, shape: [count]), as: .float32))
    }
    for (values, tensor) in uploaded { #expect(try device.download(tensor).floats() == values) }
  }

  @Test func `heads that no kernel takes are refused with the limit`() {
    let limits = HeadLimits(heads: 256, dimension: 256)
    #expect(limits.refusal(heads: 24, dimension: 128) == nil && limits.refusal(heads: 256, dimension: 256) == nil)
    #expect(limits.refusal(heads: 257, dimension: 64)?.contains("at most 256 heads") == true)
    #expect(limits.refusal(heads: 8, dimension: 33)?.contains("even") == true)
    #expect(limits.refusal(heads: 8, dimension: 258)?.contains("at most 256") == true)
    #expect(limits.refusal(of: .activations, dimension: 64) == nil)
    #expect(limits.refusal(of: .float8, dimension: 128)?.contains("compute capability 9.0") == true)
  }

  @Test func `heads of 128 elements are attended in fp8 on Hopper alone`() throws {
    #expect(try CUDADevice.emulated().headLimits.float8Dimensions == [])
    let limits = try CUDADevice.emulated(.hopper).headLimits
    #expect(limits.refusal(of: .float8, dimension: 128) == nil)
    #expect(limits.refusal(of: .float8, dimension: 64)?.contains("128 elements there, not of 64") == true)
  }

  @Test func `dense and sparse calls are near to those of activations in fp8, and profiling is the same`() throws {
    let device = try CUDADevice.emulated(.hopper)
    let layout = TokenLayout(frames: 3, tokensPerFrame: 140, textTokens: 30)
    func segment(_ rows: Int, seed: UInt64) throws -> AttentionProjection.Segment {
      .init(packed: try device.upload(noise([rows, 6 * 128], seed: seed), as: .bfloat16))
    }
    let projection = AttentionProjection(
      layout: layout, heads: 2, headDimension: 128, text: try segment(30, seed: 1), video: try segment(420, seed: 2))
    func attended(_ numbers: AttentionNumbers, layer: Int) throws -> (values: [Float], trace: HeadTrace?) {
      let traces = Mutex<[PendingHeadTrace]>([])
      let attention = SparseVideoGenAttention(
        device: device, settings: SparseVideoGenSettings(),
        schedule: AttentionSchedule(steps: 1, layers: 2, denseSteps: .count(0), denseLayers: .count(1)),
        numbers: numbers, listener: { trace in traces.withLock { $0.append(trace) } })
      let result = try attention.attend(projection, at: AttentionSite(step: 0, layer: layer, sample: 0))
      return (try device.download(result).floats(), try traces.withLock { try $0.first?.resolved() })
    }
    for layer in [0, 1] {
      let (rough, exact) = (try attended(.float8, layer: layer), try attended(.activations, layer: layer))
      #expect(rough.trace == exact.trace && (exact.trace?.errors != nil) == (layer == 1))
      let error = zip(rough.values, exact.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      let norm = exact.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Numbers of 4 bits are off by 0.03 on average.
      #expect(error > 0.01 * norm && error < 0.07 * norm, "\(error / norm)")
    }
  }

  @Test(arguments: [16, 64]) func `nothing waits for the GPU while heads are profiled, chosen and attended`(
    dimension: Int
  ) throws {
    let device = try CUDADevice.emulated()
    let layout = TokenLayout(frames: 3, tokensPerFrame: 70, textTokens: 9)
    func segment(_ rows: Int, seed: UInt64) throws -> AttentionProjection.Segment {
      .init(packed: try device.upload(noise([rows, 6 * dimension], seed: seed), as: .bfloat16))
    }
    let projection = AttentionProjection(
      layout: layout, heads: 2, headDimension: dimension, text: try segment(9, seed: 1),
      video: try segment(210, seed: 2))
    let traces = Mutex<[PendingHeadTrace]>([])
    let attention = SparseVideoGenAttention(
      device: device, settings: SparseVideoGenSettings(profiledRows: .count(5)),
      schedule: AttentionSchedule(steps: 1, layers: 3, denseSteps: .count(0), denseLayers: .count(1)),
      listener: { trace in traces.withLock { $0.append(trace) } })
    let before = CUDADevice.emulatedWaits
    for layer in 0..<3 { _ = try attention.attend(projection, at: AttentionSite(step: 0, layer: layer, sample: 0)) }
    #expect(CUDADevice.emulatedWaits == before)
    let resolved = try traces.withLock { try $0.map { try $0.resolved() } }
    #expect(CUDADevice.emulatedWaits > before, "reading what was decided waits, else this test sees nothing")
    #expect(resolved.map { $0.patterns?.count } == [nil, 2, 2] && resolved[1].errors?.count == 2)
  }
}
