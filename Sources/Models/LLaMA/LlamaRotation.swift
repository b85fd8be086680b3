import Foundation
import Tensor

/// The angles by which positions turn pairs of elements of queries and keys.
///
/// Pair `i` of `D/2` turns by `b^(−2i/D)` for each position. Llama 3.1 and later slow down what turns rarely: a pair
/// that turns less than `low` times over the length that the model was first trained for is slowed by `factor`, one that
/// turns more than `high` times stays, and those between are blended.
/// - SeeAlso: Su et al., "RoFormer", <https://arxiv.org/abs/2104.09864>; Grattafiori et al., "The Llama 3 Herd of
///   Models", <https://arxiv.org/abs/2407.21783>.
struct LlamaRotation: Decodable, Hashable, Sendable {
  /// How rare turns are slowed down.
  struct Scaling: Hashable, Sendable {
    /// By what they are slowed.
    let factor: Double
    /// Turns over the first length below which a pair is slowed.
    let low: Double
    /// Turns over the first length above which a pair stays.
    let high: Double
    /// Positions of the first training.
    let length: Double
  }

  /// `b`, if the object names it.
  let base: Double?
  /// The slowing, if any.
  let scaling: Scaling?

  private enum CodingKeys: String, CodingKey {
    case base = "rope_theta"
    case kind = "rope_type"
    case oldKind = "type"
    case factor
    case low = "low_freq_factor"
    case high = "high_freq_factor"
    case length = "original_max_position_embeddings"
    case part = "partial_rotary_factor"
  }

  init(base: Double, scaling: Scaling?) {
    self.base = base
    self.scaling = scaling
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    base = try values.decodeIfPresent(Double.self, forKey: .base)
    let kind =
      try values.decodeIfPresent(String.self, forKey: .kind) ?? values.value(.oldKind, default: "default")
    let part = try values.value(.part, default: 1.0)
    try require(part == 1, "the text encoder's partial_rotary_factor must be 1, not \(part)")
    switch kind {
    case "default": scaling = nil
    case "llama3":
      let scaling = Scaling(
        factor: try values.decode(Double.self, forKey: .factor), low: try values.decode(Double.self, forKey: .low),
        high: try values.decode(Double.self, forKey: .high), length: try values.decode(Double.self, forKey: .length))
      try require(
        scaling.factor >= 1 && scaling.low > 0 && scaling.high > scaling.low && scaling.length > 0,
        "the text encoder's rope parameters need a factor from 1 up, 0 < low_freq_factor < high_freq_factor and a "
          + "positive original_max_position_embeddings")
      self.scaling = scaling
    default:
      throw ModelError(
        .unsupportedConfiguration, "the text encoder's rope_type is \"\(kind)\"; supported: \"default\", \"llama3\"")
    }
  }

  /// The angle of each of `D/2` pairs for one position.
  func frequencies(headDimension: Int) -> [Double] {
    (0..<headDimension / 2).map { pair in
      let frequency = pow(base ?? 10000, -2 * Double(pair) / Double(headDimension))
      guard let scaling else { return frequency }
      let turns = scaling.length * frequency / (2 * Double.pi)
      let kept = min(max((turns - scaling.low) / (scaling.high - scaling.low), 0), 1)
      return frequency * (kept + (1 - kept) / scaling.factor)
    }
  }

  /// Cosines and sines `[count, D/2]`, float32, of the positions from 0 on.
  func tables(count: Int, headDimension: Int) -> (cosine: Tensor, sine: Tensor) {
    let frequencies = frequencies(headDimension: headDimension)
    let angles = (0..<count).flatMap { position in frequencies.map { Double(position) * $0 } }
    let shape: Shape = [count, headDimension / 2]
    return (Tensor(angles.map { Float(cos($0)) }, shape: shape), Tensor(angles.map { Float(sin($0)) }, shape: shape))
  }
}
