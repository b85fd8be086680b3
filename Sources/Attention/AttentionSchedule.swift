/// A number of steps or layers as a user asks for it.
public enum Share: Hashable, Sendable, Codable, CustomStringConvertible {
  /// This many.
  case count(Int)
  /// This fraction of all, rounded down.
  case fraction(Double)

  /// How many of `total` are meant; never more than there are.
  public func resolved(of total: Int) -> Int {
    switch self {
    case .count(let count): min(count, total)
    case .fraction(let fraction): min(total, Int(Double(total) * fraction + 1e-9))
    }
  }

  /// For example `12`, `25%` or `0.1%`.
  public var description: String {
    switch self {
    case .count(let count): return "\(count)"
    case .fraction(let fraction):
      let tenths = Int((fraction * 1000).rounded())
      return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
    }
  }
}

/// Which steps and layers attend to everything.
///
/// The first steps decide the composition of the video, so the method leaves a share of them dense, and optionally the
/// first layers of every step.
public struct AttentionSchedule: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Denoising steps of the run.
  public let steps: Int
  /// Layers of the transformer.
  public let layers: Int
  /// Steps, from the first on, in which every layer is dense.
  public let denseSteps: Int
  /// Layers, from the first on, that are dense in every step.
  public let denseLayers: Int

  /// Resolves shares of steps and layers to numbers.
  public init(steps: Int, layers: Int, denseSteps: Share, denseLayers: Share) {
    self.steps = steps
    self.layers = layers
    self.denseSteps = denseSteps.resolved(of: steps)
    self.denseLayers = denseLayers.resolved(of: layers)
  }

  /// Whether full attention runs at `site`.
  public func isDense(at site: AttentionSite) -> Bool {
    site.step < denseSteps || site.layer < denseLayers
  }

  /// How many of the `steps · layers` calls a sample makes are sparse.
  public var sparseCalls: Int { (steps - denseSteps) * (layers - denseLayers) }

  /// For example `steps 1–12 of 50 dense; then layers 1–2 of 42 dense, the others sparse`.
  public var description: String {
    if denseSteps == steps || denseLayers == layers { return "all \(steps) steps dense" }
    func range(_ count: Int, of total: Int) -> String {
      switch count {
      case 0: "none of \(total)"
      case 1: "1 of \(total)"
      default: "1–\(count) of \(total)"
      }
    }
    return "dense steps: \(range(denseSteps, of: steps)); in the others dense layers: \(range(denseLayers, of: layers))"
  }
}
