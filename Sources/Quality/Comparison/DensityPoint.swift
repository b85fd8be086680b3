/// What one method reached at one density: a point of the curves of quality against density.
public struct DensityPoint: Hashable, Sendable, Codable {
  /// The method as people read it; points of one method form one curve.
  public var method: String
  /// The density that was asked for, in `0...1`; `nil` where none was.
  public var askedDensity: Double?
  /// The fraction of query-key pairs that was computed over the whole run.
  public var computedDensity: Double
  /// The overall signal-to-noise ratios against dense, in decibels.
  public var psnr: Spread
  /// The overall structural similarities to dense.
  public var ssim: Spread
  /// Dense seconds divided by the method's, or `nil` where times were not measured.
  public var speedUp: Spread?

  /// Creates a point.
  public init(
    method: String, askedDensity: Double? = nil, computedDensity: Double, psnr: Spread, ssim: Spread,
    speedUp: Spread? = nil
  ) {
    self.method = method
    self.askedDensity = askedDensity
    self.computedDensity = computedDensity
    self.psnr = psnr
    self.ssim = ssim
    self.speedUp = speedUp
  }
}
