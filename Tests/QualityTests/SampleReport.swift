import Attention
import Foundation
import Quality
import Tensor
import Testing

/// A comparison of made-up runs: a disc that moves over a dark ground, and the same with noise.
enum SampleReport {
  static let frameCount = 12
  static let extent = 64

  /// The frames of the dense and the sparse run.
  static let dense = frames(noise: 0)
  static let sparse = frames(noise: 0.03)
  /// The figures of the sparse run and of one that is identical to the dense one; `nil` where measuring failed.
  private static let measured = try? VideoQuality(of: FramePair(reference: dense, candidate: sparse))
  private static let identical = try? VideoQuality(of: FramePair(reference: dense, candidate: dense))

  /// `[F, H, W, 3]` in `[0, 1]`.
  /// - Parameter noise: The largest change of a value; it grows over the frames.
  private static func frames(noise: Float) -> Tensor {
    var state: UInt64 = 42
    var values: [Float] = []
    for frame in 0..<frameCount {
      let centerX = 14 + 36 * Float(frame) / Float(frameCount - 1)
      let strength = noise * (0.4 + 0.6 * Float(frame) / Float(frameCount))
      for y in 0..<extent {
        for x in 0..<extent {
          let distance = ((Float(x) - centerX) * (Float(x) - centerX) + Float((y - 32) * (y - 32))).squareRoot()
          let inside = min(max(12.5 - distance, 0), 1)
          for channel in [Float(0.85), 0.25, 0.15].enumerated() {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let random = Float(state >> 40) / Float(1 << 24) * 2 - 1
            let ground = 0.08 + 0.12 * Float(channel.offset) / 2 + 0.1 * Float(y) / Float(extent)
            let value = inside * channel.element + (1 - inside) * ground + strength * random
            values.append(min(max(value, 0), 1))
          }
        }
      }
    }
    return Tensor(values, shape: [frameCount, extent, extent, 3])
  }

  /// The frames as PNG files.
  static func pictures(_ frames: Tensor) -> EncodedPictures {
    let bytes = frames.floats().map { UInt8(($0 * 255).rounded()) }
    let size = extent * extent * 3
    return EncodedPictures(
      format: .png,
      frames: (0..<frameCount).map {
        png(Array(bytes[$0 * size..<($0 + 1) * size]), width: extent, height: extent)
      })
  }

  /// Steps 0 to 4 of 20 and layer 0 are dense; the others mix both patterns.
  static func heads() -> HeadMap {
    var traces: [HeadTrace] = []
    for step in 0..<20 {
      for layer in 0..<6 {
        for sample in 0..<2 {
          let isDense = step < 5 || layer == 0
          let errors = (0..<8).map { head in
            ProfilingError(
              spatial: 1e-4 * (1 + Float((head * 7 + layer * 5 + step / 3) % 9)),
              temporal: 1e-4 * (1 + Float((head * 4 + layer * 3 + sample + step / 4) % 8)))
          }
          traces.append(
            HeadTrace(
              site: AttentionSite(step: step, layer: layer, sample: sample),
              patterns: isDense ? nil : errors.map(\.pattern), errors: isDense ? nil : errors,
              computedPairs: isDense ? 1000 : 310, allPairs: 1000))
        }
      }
    }
    return HeadMap(traces.reversed(), heads: 8)
  }

  /// The whole report; every kind of figure is there.
  static func report(
    prompt: String = "a large red circle moving right on a dark blue background", isIdentical: Bool = false
  ) throws
    -> ComparisonReport
  {
    let heads = heads()
    let quality = try #require(isIdentical ? identical : measured)
    var points: [DensityPoint] = []
    for (method, offset) in [("Sparse VideoGen", 0.0), ("spatial only", -5.5), ("temporal only", -7.5)] {
      for density in [0.2, 0.3, 0.5] {
        points.append(
          DensityPoint(
            method: method, askedDensity: density, computedDensity: 0.25 + 0.75 * density,
            psnr: Spread(of: [28, 31, 29.5].map { $0 + offset + 14 * (density - 0.3) }),
            ssim: Spread(of: [0.92, 0.95, 0.93].map { $0 + offset / 60 + 0.1 * (density - 0.3) }),
            speedUp: Spread(of: [1.9, 1.95, 1.88].map { $0 - (density - 0.3) })))
      }
    }
    return ComparisonReport(
      prompt: prompt, seed: 42,
      dense: RunRecord(
        label: "dense", settings: [NamedValue("steps", "20"), NamedValue("guidance", "6")], computedDensity: 1,
        seconds: [.text: 0.42, .attention: 61.3, .linear: 22.4, .prepare: 3.9, .other: 2.2, .vae: 8.4, .encode: 0.31],
        floatingPointOperations: 14.2e12),
      sparse: RunRecord(
        label: "Sparse VideoGen",
        settings: [
          NamedValue("steps", "20"), NamedValue("guidance", "6"), NamedValue("dense steps", "25 % (5 of 20)"),
          NamedValue("dense layers", "1 of 6"), NamedValue("profiled rows", "64"),
        ],
        askedDensity: 0.3, computedDensity: heads.computedDensity,
        seconds: [
          .text: 0.41, .profiling: 1.1, .attention: 34.6, .linear: 22.5, .prepare: 4.2, .other: 2.3, .vae: 8.4,
          .encode: 0.3,
        ],
        floatingPointOperations: 9.1e12),
      quality: quality, heads: heads, curve: points,
      operationConvention: "Two operations for each multiplication and addition of matrix products and convolutions.",
      command: "svgen compare --prompt \"\(prompt)\" --seed 42 --steps 20 --density 0.2,0.3,0.5",
      version: "svgen 0.1.0 (Swift 6.3)",
      machine: [
        NamedValue("processor", "a processor with AVX2"), NamedValue("cores", "2"), NamedValue("memory", "24 GB"),
        NamedValue("device", "cpu, float32"), NamedValue("oneDNN", "2.6.3"),
      ])
  }

  /// The pictures of both runs.
  static func pictures() -> ComparisonPictures {
    ComparisonPictures(
      dense: pictures(dense), sparse: pictures(sparse), framesPerSecond: 8)
  }
}
