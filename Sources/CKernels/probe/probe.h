#pragma once

#include "../simd/simd.h"

/// A register tile of products without memory traffic. The operands change nothing that a compiler could know: they are
/// read through a volatile pointer.

namespace {

/// Operations of `rounds` rounds: each has a product and a sum for every element of every accumulator.
template <class Isa>
inline double probeProducts(int64_t rounds) {
  using Vec = typename Isa::Vec;
  constexpr int kAccumulators = 6 * Isa::kMaxVectors;
  const volatile float small = 1e-30f;
  const Vec a = Isa::splat(small), b = Isa::splat(small);
  Vec acc[kAccumulators];
  SVG_UNROLL for (int i = 0; i < kAccumulators; ++i) acc[i] = Isa::splat(static_cast<float>(i));
  for (int64_t round = 0; round < rounds; ++round) {
    SVG_UNROLL for (int i = 0; i < kAccumulators; ++i) acc[i] = Isa::multiplyAdd(a, b, acc[i]);
  }
  Vec total = Isa::zero();
  SVG_UNROLL for (int i = 0; i < kAccumulators; ++i) total = Isa::add(total, acc[i]);
  const volatile float used = Isa::sum(total);
  (void)used;
  return 2.0 * Isa::kElementsPerWord * Isa::kLanes * kAccumulators * static_cast<double>(rounds);
}

} // namespace
