import Checkpoint
import Compute
import Diffusion
import Foundation
import Models
import TestSupport
import Testing

@testable import SparseVideoGen

/// Memory of the published models on GPUs of any size: from configurations, on a GPU that is emulated.
@Suite struct MemoryPlanTests {
  static let gigabyte = 1_000_000_000

  func planner(_ name: String, gigabytes: Int) throws -> Planner {
    let device = try CUDADevice.emulated()
    let folder = Fixtures.root.appending(path: "Published/\(name)")
    return Planner(
      pipeline: try VideoPipeline(directory: ModelDirectory(folder), device: device),
      source: .reference(folder.path),
      chosen: ChosenDevice(
        device: device, name: "cuda:0", memory: gigabytes * Self.gigabyte, overheads: .gpu, threads: 1))
  }

  @Test func `HunyuanVideo at 720p fits 80 GB, and a smaller GPU is told what would fit`() throws {
    let request = GenerationRequest(prompt: "a cat")
    let plan = try planner("hunyuan-video", gigabytes: 80).plan(request)
    #expect(plan.memoryProblem == nil && plan.memory.peak > 26 * Self.gigabyte, "\(plan.memory)")
    let small = try planner("hunyuan-video", gigabytes: 32)
    let refused = try small.plan(request)
    let problem = try #require(refused.memoryProblem)
    #expect(refused.description.contains(problem))
    let words = problem.split(separator: " ")
    let place = try #require(words.firstIndex(of: "frames"))
    let frames = try #require(Int(words[place - 1]))
    #expect(problem.contains("denoising needs about") && frames < 129)
    // What is proposed fits, and one latent frame more does not.
    #expect(try small.plan(GenerationRequest(prompt: "a cat", frames: frames)).memoryProblem == nil)
    #expect(try small.plan(GenerationRequest(prompt: "a cat", frames: frames + 4)).memoryProblem != nil)
    let error = #expect(throws: GenerationError.self) { try small.requireRoom(refused) }
    #expect(error?.code == .notEnoughMemory && error?.field == .frames)
  }

  @Test func `a GPU that cannot hold the weights is told so`() throws {
    let problem = try planner("hunyuan-video", gigabytes: 16).plan(GenerationRequest(prompt: "a cat")).memoryProblem
    #expect(problem?.contains("choose the processor") == true, "\(problem ?? "")")
  }

  @Test func `whole frames that do not fit are decoded in tiles`() throws {
    let planner = try planner("cogvideox-1.5", gigabytes: 20)
    let plan = try planner.plan(GenerationRequest(prompt: "a cat", tiles: .off))
    #expect(plan.memoryProblem?.contains("decode in tiles") == true, "\(plan.memory)")
    #expect(try planner.plan(GenerationRequest(prompt: "a cat", tiles: .on)).memoryProblem == nil)
  }

  @Test func `the processor refuses nothing: its memory grows by what the disk has`() throws {
    let gpu = try planner("hunyuan-video", gigabytes: 16)
    let cpu = Planner(
      pipeline: gpu.pipeline, source: gpu.source,
      chosen: ChosenDevice(
        device: CPUDevice(), name: "cpu", memory: 16 * Self.gigabyte, overheads: .processor, threads: 1))
    #expect(try cpu.plan(GenerationRequest(prompt: "a cat")).memoryProblem == nil)
  }
}
