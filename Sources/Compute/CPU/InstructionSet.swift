import CKernels
import Tensor

/// An instruction set that the kernels are compiled for.
public enum InstructionSet: String, Hashable, Sendable, Codable, CaseIterable {
  /// Portable, in double precision: slow, and right.
  case scalar
  /// x86-64 with AVX2 and FMA.
  case avx2
  /// x86-64 with AVX-512.
  case avx512
  /// x86-64 with AVX512-BF16: products of bfloat16.
  case avx512BFloat16 = "avx512_bf16"
  /// x86-64 with AVX512-BF16 and AMX: products of tiles of bfloat16.
  case amxBFloat16 = "amx_bf16"
  /// 64-bit Arm.
  case neon

  /// Whether this processor and this build have it.
  public var isAvailable: Bool { svg_isa_available(kernelName) }

  /// The type that queries, keys and values are packed in, and so the type of the products.
  public var productType: ElementType { self == .avx512BFloat16 || self == .amxBFloat16 ? .bfloat16 : .float32 }

  /// The kernels' name.
  var kernelName: svg_isa {
    switch self {
    case .scalar: SVG_ISA_SCALAR
    case .avx2: SVG_ISA_AVX2
    case .avx512: SVG_ISA_AVX512
    case .avx512BFloat16: SVG_ISA_AVX512_BF16
    case .amxBFloat16: SVG_ISA_AMX_BF16
    case .neon: SVG_ISA_NEON
    }
  }
}
