// The example of README.md, compiled; ReadmeTests compares both.
import SparseVideoGen

func readmeExample() async throws {
  let generator = try await VideoGenerator(model: .bundled)
  let request = GenerationRequest(
    prompt: "a large red circle moving right on a dark green background", steps: 30, seed: 7,
    attention: .sparseVideoGen(density: 0.3))
  for try await event in generator.events(for: request) {
    switch event {
    case .step(let step): print("step \(step.step) of \(step.steps): \(step.seconds) s")
    case .finished(let result):
      try await result.write(to: "circle.mp4")
      print(result.summary)
    default: break
    }
  }
}
