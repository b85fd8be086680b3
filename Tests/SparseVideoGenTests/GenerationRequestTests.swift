import SparseVideoGen
import Testing

struct GenerationRequestTests {
  @Test(arguments: [
    (RequestField.prompt, GenerationRequest(prompt: " \n")),
    (.width, GenerationRequest(prompt: "a", width: 0)),
    (.height, GenerationRequest(prompt: "a", height: 1 << 20)),
    (.frames, GenerationRequest(prompt: "a", frames: -1)),
    (.steps, GenerationRequest(prompt: "a", steps: 0)),
    (.guidance, GenerationRequest(prompt: "a", guidance: .nan)),
    (.guidance, GenerationRequest(prompt: "a", guidance: 0.9)),
    (.framesPerSecond, GenerationRequest(prompt: "a", framesPerSecond: 0)),
    (.density, GenerationRequest(prompt: "a", attention: .sparseVideoGen(density: 0))),
    (.density, GenerationRequest(prompt: "a", attention: .sparseVideoGen(density: 1.01))),
    (.density, GenerationRequest(prompt: "a", attention: .sparseVideoGen(density: .nan))),
    (
      .bandFrames,
      GenerationRequest(
        prompt: "a",
        attention: .sparse(.init(bandWidth: .explicit(spatialFrames: 0, temporalTokens: 10))))
    ),
    (
      .bandTokens,
      GenerationRequest(
        prompt: "a",
        attention: .sparse(.init(bandWidth: .explicit(spatialFrames: 4, temporalTokens: .infinity))))
    ),
    (.denseSteps, GenerationRequest(prompt: "a", attention: .sparse(.init(denseSteps: .fraction(1.1))))),
    (.denseLayers, GenerationRequest(prompt: "a", attention: .sparse(.init(denseLayers: .count(-1))))),
    (.profiledRows, GenerationRequest(prompt: "a", attention: .sparse(.init(profiledRows: .count(0))))),
  ])
  func `a value that means nothing is refused by its field`(field: RequestField, request: GenerationRequest) {
    let error = #expect(throws: GenerationError.self) { try request.check() }
    #expect(error?.code == .invalidRequest)
    #expect(error?.field == field)
  }

  @Test(arguments: [
    GenerationRequest(prompt: "a"), GenerationRequest(prompt: "a", guidance: 1),
    GenerationRequest(prompt: "a", attention: .dense),
    GenerationRequest(prompt: "a", attention: .sparseVideoGen(density: 1)),
    GenerationRequest(prompt: "☃", negativePrompt: "", seed: .max),
  ])
  func `what means something is taken`(request: GenerationRequest) throws {
    try request.check()
  }

  @Test(arguments: [
    ("25%", Share.fraction(0.25)), ("12", .count(12)), ("0", .count(0)), ("0.5%", .fraction(0.005)),
    ("-2", .count(-2)),
  ])
  func `shares are read as people write them`(text: String, share: Share) {
    #expect(Share(text) == share)
  }

  @Test(arguments: ["", "%", "a", "nan%", "1.5", "12 %x"])
  func `what is no share is not read`(text: String) {
    #expect(Share(text) == nil)
  }

  @Test(arguments: [
    ("auto", GeneratorOptions.Device.automatic), ("cpu", .cpu), ("cuda", .cuda(index: 0)), ("cuda:3", .cuda(index: 3)),
  ])
  func `devices are read as people write them`(text: String, device: GeneratorOptions.Device) {
    #expect(GeneratorOptions.Device(text) == device)
  }

  @Test(arguments: ["", "gpu", "cuda:", "cuda:-1", "CPU"])
  func `what is no device is not read`(text: String) {
    #expect(GeneratorOptions.Device(text) == nil)
  }
}
