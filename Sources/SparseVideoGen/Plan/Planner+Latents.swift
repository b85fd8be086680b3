import Compute
import Diffusion
import Models
import Tensor

extension Planner {
  /// The size of the video that latents decode to.
  func size(ofLatents shape: Shape) -> VideoSize {
    let model = pipeline.model
    let usual = model.description.defaultSize
    let latent = model.latentShape(for: usual)
    return VideoSize(
      width: shape[4] * usual.width / latent[4], height: shape[3] * usual.height / latent[3],
      frames: (shape[1] - 1) * model.sizeRule.frameMultiple + 1)
  }

  /// What is known of latents without a manifest: their size, and the model that decodes them.
  func record(ofLatents size: VideoSize) -> GenerationRecord {
    GenerationRecord(
      size: size, model: source.description, description: pipeline.model.description,
      numbers: pipeline.device.activationType.rawValue)
  }
}
