import Checkpoint
import Compute
import Foundation
import TestSupport

@testable import Models

/// A fixture's networks on a device.
struct TinyModel {
  let name: String
  let device: any ComputeDevice

  func configuration<Value: Decodable>(_ component: String, as type: Value.Type) throws -> Value {
    try ConfigurationFile(Fixtures.model(name).appending(path: "\(component)/config.json")).decode(
      type, keys: .asWritten)
  }

  func weights(_ component: String, _ file: String = "diffusion_pytorch_model") throws -> LayerLoader {
    LayerLoader(
      device: device,
      scope: try Checkpoint(folder: Fixtures.model(name).appending(path: component), name: file).scope)
  }

  func textEncoder() throws -> T5Encoder {
    try T5Encoder(configuration("text_encoder", as: T5Configuration.self), weights: weights("text_encoder", "model"))
  }

  func transformer() throws -> CogVideoXTransformer {
    try CogVideoXTransformer(
      configuration("transformer", as: CogVideoXTransformerConfiguration.self), weights: weights("transformer"))
  }

  func encoder(tiling: TileGeometry? = nil) throws -> CogVideoXEncoder {
    try CogVideoXEncoder(
      configuration("vae", as: CogVideoXAutoencoderConfiguration.self), weights: weights("vae"), tiling: tiling)
  }

  func decoder(tiling: TileGeometry? = nil) throws -> CogVideoXDecoder {
    try CogVideoXDecoder(
      configuration("vae", as: CogVideoXAutoencoderConfiguration.self), weights: weights("vae"), tiling: tiling)
  }
}

/// The fixtures that make videos from an image.
let imageFixtures = ["cogvideox-5b-i2v", "cogvideox-1.5-i2v"]

/// The fixtures that are whole pipelines and make videos from text.
let pipelineFixtures = ["cogvideox-2b", "cogvideox-5b", "cogvideox-1.5", "cogvideox-learned"]
