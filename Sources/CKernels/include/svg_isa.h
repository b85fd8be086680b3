#ifndef SVG_ISA_H
#define SVG_ISA_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Element type of activations in memory: what kernels read and write. Arithmetic is float32 whatever it is.
typedef enum svg_element {
  SVG_FLOAT32 = 0,
  SVG_BFLOAT16 = 1,
} svg_element;

/// Instruction sets that kernels are compiled for. All are compiled into every build for their architecture and chosen
/// at run time; no compiler flag is needed.
typedef enum svg_isa {
  /// Portable C++ in double precision: slow, obviously right, the reference of the tests. Any even head dimension.
  SVG_ISA_SCALAR = 0,
  /// x86-64 with AVX2, FMA: 8 float32 lanes.
  SVG_ISA_AVX2 = 1,
  /// x86-64 with AVX-512 F, VL, BW, DQ: 16 float32 lanes.
  SVG_ISA_AVX512 = 2,
  /// The same with AVX512-BF16: operands of matrix products are rounded to bfloat16, sums are float32.
  SVG_ISA_AVX512_BF16 = 3,
  /// aarch64: 4 float32 lanes.
  SVG_ISA_NEON = 4,
  /// AVX512-BF16 with AMX: attention and profiling multiply tiles of bfloat16; packing is that of AVX512-BF16.
  SVG_ISA_AMX_BF16 = 5,
} svg_isa;

/// Number of `svg_isa` values: they are 0 ..< SVG_ISA_COUNT.
#define SVG_ISA_COUNT 6

/// Whether this processor runs the instruction set and this build has it. For AMX it asks the system for the use of
/// tiles, once for the whole process.
bool svg_isa_available(svg_isa isa);

/// The fastest available instruction set for activations of that type. Those that round operands to bfloat16 are named
/// for `SVG_BFLOAT16` only.
///
/// On Intel processors without AMX that is float32 arithmetic also for bfloat16: their pair product is slower than two
/// multiply-adds (Sapphire Rapids, two threads, D 64: 137 GFLOP/s with it, 222 with float32).
svg_isa svg_isa_best(svg_element activations);

/// A short name such as "avx2"; "unknown" for a value outside the enumeration.
const char* svg_isa_name(svg_isa isa);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
