#pragma once

/// What every instruction-set header offers, and what may be included before one.
///
/// A kernel is a template over an `Isa` type with these members, all static:
///
///   kLanes            float32 lanes of a vector
///   kElementsPerWord  matrix operands are 32-bit words: one float32, or two bfloat16 that are neighbors in the sum
///   kMaxVectors       columns of a register tile, in vectors; with 6 rows the tile fills the registers
///   kPanelOuter       whether a block is walked panel by panel (operands bigger than the L1 cache) or row by row
///   Vec, IVec, Mask   vectors of float32 and int32, and the result of a comparison
///   kHasTiles         whether the processor multiplies tiles (AMX), see `attend/tiles.h`
///   multiplyAdd(a, b, acc)  acc + a·b on words: FMA, or a bfloat16 pair product
///   …                 loads, stores, arithmetic, as in the headers of this folder
///
/// Those headers are included *between* the target pragmas of one `.cpp` file, and everything here is in an unnamed
/// namespace: two files never share an instantiation, so no AVX-512 code can end up in an AVX2 path at link time.
/// Standard headers come first, outside the pragmas, for the same reason.

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "../include/svg_attention.h"

#define SVG_INLINE inline __attribute__((always_inline))

/// Unrolls a loop over registers completely, also at -O2.
#define SVG_UNROLL _Pragma("clang loop unroll(full)")

namespace {

/// A score that no key can have: its weight `exp2(kMasked − m)` is exactly zero for every running maximum m.
constexpr float kMasked = -3.0e38f;

/// The running maximum before the first key. Far above `kMasked`, far below any score, and finite: no infinity minus
/// infinity can arise.
constexpr float kNoKeyYet = -1.0e30f;

/// 2^x as 1 + x·polynomial, minimax in relative error. The constant is exactly 1, so that the weight of the top key is.
/// On [−½, ½], error 9.1e-8: for instruction sets that round to the nearest integer.
constexpr float kExp2Centered[] = {6.931469776e-01f, 2.402224208e-01f, 5.550733744e-02f, 9.671512786e-03f,
                                   1.326472725e-03f};
/// On [0, 1), error 8.2e-8: for AVX-512, whose scaling instruction takes the floor by itself.
constexpr float kExp2Unit[] = {6.931513118e-01f, 2.401644500e-01f, 5.579991355e-02f, 9.017029702e-03f,
                               1.867130362e-03f};
/// On [0, 1), error 8.6e-5: invisible after rounding to bfloat16 (3.9e-3).
constexpr float kExp2UnitShort[] = {6.951167910e-01f, 2.276449710e-01f, 7.706706043e-02f};

/// Pairs of neighbors, taken apart.
template <class Vec>
struct Pairs {
  Vec even;
  Vec odd;
};

} // namespace
