import Diffusion
import Media
import Models
import Tensor

extension Planner {
  /// The picture of a request, its header read; `nil` for a model that takes none.
  /// - Throws: ``GenerationError`` with the code `invalidRequest` for a picture that the model does not take and for one
  ///   that is missing, `MediaError` with the code `unreadablePicture` for a file that is none.
  func imageFile(_ request: GenerationRequest) throws -> PictureFile? {
    let takesImage = pipeline.model.imageConditioning != nil
    guard let path = request.imagePath else {
      guard takesImage else { return nil }
      throw GenerationError(
        .invalidRequest, "\(source) makes videos from an image: name a PNG, JPEG or WebP file", field: .image)
    }
    guard takesImage else {
      throw GenerationError(
        .invalidRequest,
        "\(source) makes videos from text alone: leave the image out, or choose an image-to-video model", field: .image)
    }
    return try PictureFile(path: path)
  }

  /// Decodes the pictures of requests, each in the size of its video; a picture that several share is decoded once.
  /// - Returns: For each request `[height, width, 3]`, float32, RGB from 0 to 1; empty for a model that takes none.
  /// - Throws: `MediaError` for a picture that cannot be read or when there is no ffmpeg.
  func pictures(_ requests: [GenerationRequest], plans: [GenerationPlan]) async throws -> [Tensor] {
    var pictures: [String: Picture] = [:]
    var result: [Tensor] = []
    for (request, plan) in zip(requests, plans) {
      guard let file = try imageFile(request) else { return [] }
      let picture: Picture
      if let known = pictures[file.path] { picture = known } else { picture = try await file.read() }
      pictures[file.path] = picture
      result.append(picture.resized(width: plan.size.width, height: plan.size.height).tensor)
    }
    return result
  }
}
