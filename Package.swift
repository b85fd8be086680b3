// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of this package is compiled the same way: Swift 6, memory-unsafe constructs marked, no warnings.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], resources: resources, swiftSettings: swiftSettings)
}

let package = Package(
  name: "SparseVideoGen",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "SparseVideoGen", targets: ["SparseVideoGen"]),
    .executable(name: "svgen", targets: ["svgen"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
  ],
  targets: [
    // C and C++: our kernels, and C faces on the libraries we use.
    .target(name: "CKernels"),
    .target(name: "CDNN", linkerSettings: [.linkedLibrary("dnnl")]),
    .target(
      name: "CCUDA", exclude: ["attention", "common", "convolution", "elementwise", "ptx"],
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece")]),

    // The library, bottom up; imports only point down.
    module("Files"),
    module("Figures"),
    module("Tensor"),
    module("Attention", ["Tensor"]),
    module("Compute", ["Files", "Tensor", "Attention", "CKernels", "CDNN", "CCUDA"]),
    module("Checkpoint", ["Files", "Tensor"]),
    module("Tokenizer", ["CSentencePiece", "Checkpoint"]),
    module("Models", ["Tensor", "Attention", "Compute", "Checkpoint", "Tokenizer"]),
    module("Diffusion", ["Tensor", "Attention", "Compute", "Checkpoint", "Tokenizer", "Models"]),
    module(
      "Quality", ["Files", "Figures", "Tensor", "Attention"],
      resources: [
        .embedInCode("Report/report.html"), .embedInCode("Report/report.css"), .embedInCode("Report/charts.js"),
        .embedInCode("Report/heads.js"), .embedInCode("Report/videos.js"), .embedInCode("Report/report.js"),
      ]),
    module(
      "Media",
      [
        "Files", "Tensor", .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    module(
      "SparseVideoGen",
      [
        "Files", "Figures", "Tensor", "Attention", "Compute", "Checkpoint", "Tokenizer", "Models", "Diffusion", "Media",
        "Quality",
        .product(name: "Logging", package: "swift-log"),
      ], resources: [.copy("BundledModel")]),
    module(
      "Benchmark", ["Figures", "Tensor", "Attention", "Checkpoint", "Compute", "Models", "Diffusion", "SparseVideoGen"]),

    // The command.
    .executableTarget(
      name: "svgen",
      dependencies: [
        "SparseVideoGen", "Benchmark", "Compute", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),

    // Tests: one target per module, named after it. The kernels for GPUs run on the processor there.
    .target(
      name: "CCUDAEmulation",
      cxxSettings: [
        .headerSearchPath("device"), .headerSearchPath("../CCUDA"), .headerSearchPath("../CCUDA/include"),
      ]),
    module("TestSupport", ["Tensor", "Checkpoint", "Compute", "CCUDA", "CCUDAEmulation"]),
    tests("FilesTests", ["Files"]),
    tests("FiguresTests", ["Figures"]),
    tests("TensorTests", ["Tensor"]),
    tests("KernelTests", ["CKernels", "Tensor"]),
    tests("ComputeTests", ["Compute", "Attention", "Tensor"]),
    tests("AttentionTests", ["Attention", "Compute", "Checkpoint", "Tensor"]),
    tests("CheckpointTests", ["Checkpoint", "Files", "Tensor"]),
    tests("TokenizerTests", ["Tokenizer", "Checkpoint"], resources: [.copy("Fixtures")]),
    tests("ModelsTests", ["Models", "Attention", "Compute", "Checkpoint", "Tensor"]),
    tests("DiffusionTests", ["Diffusion", "Media", "Models", "Attention", "Compute", "Tensor", "Checkpoint"]),
    tests("QualityTests", ["Quality", "Attention", "Files", "Tensor"]),
    tests(
      "MediaTests",
      [
        "Media", "Checkpoint", "Files", "Tensor", .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    tests(
      "SparseVideoGenTests",
      ["SparseVideoGen", "Attention", "Checkpoint", "Compute", "Diffusion", "Media", "Models", "Tensor"]),
    tests("BenchmarkTests", ["Benchmark", "Attention", "Checkpoint", "Compute", "SparseVideoGen", "Tensor"]),
    tests(
      "CommandTests",
      ["svgen", "SparseVideoGen", "Checkpoint", .product(name: "Subprocess", package: "swift-subprocess")]),
  ],
  cxxLanguageStandard: .cxx20
)
