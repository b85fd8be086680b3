import Compute
import Diffusion
import Foundation
import Models
import Synchronization
import TestSupport
import Testing

@testable import SparseVideoGen

struct PeakMemoryTests {
  @Test func `the memory of a run on a GPU is the GPU's`() async throws {
    let source = ModelSource.reference(Fixtures.model("cogvideox-5b").path)
    let device = try CUDADevice.emulated()
    let chosen = ChosenDevice(
      device: device, name: "cuda:0", memory: 8_000_000_000, overheads: .gpu, threads: 1)
    let pipeline = try VideoPipeline(directory: source.directory(), device: device)
    let worker = GenerationWorker(planner: Planner(pipeline: pipeline, source: source, chosen: chosen))
    let peak = Mutex<Int?>(nil)
    try await worker.generate([tinyRequest(steps: 1)], send: { _, _ in }) { _, result in
      peak.withLock { $0 = result.peakMemory }
    }
    #expect(peak.withLock { $0 } == device.peakFootprint)
    #expect(device.peakFootprint != SystemMemory.peakOfProcess)
  }
}
