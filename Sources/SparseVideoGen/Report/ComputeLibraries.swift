/// The libraries and kernels that the processor's device is made of.
enum ComputeLibraries {
  /// Which kernels run on this processor.
  static var kernels: String { "reference" }
  /// The versions of the libraries.
  static var versions: [String: String] { [:] }
}
