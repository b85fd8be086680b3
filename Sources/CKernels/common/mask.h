#pragma once

#include "packing.h"

/// The masks of one key block, as two comparisons per pair. Blocks that are kept whole never come here.

namespace {

/// Keeps the pair of row r and column c iff `|rowPosition[r] − keyPosition[c]| < width` and `c < limit`.
struct KeyMask {
  const int32_t* rowPosition; // [64]
  const int32_t* keyPosition; // [64]
  int32_t width;
  int32_t limit;
};

/// A width that keeps every pair of positions.
constexpr int32_t kEveryPair = INT32_MAX;

inline int32_t clampWidth(int64_t width) {
  return static_cast<int32_t>(width < kEveryPair ? width : kEveryPair);
}

inline void fillPositions(int64_t first, int32_t* positions) {
  for (int i = 0; i < kBlock; ++i)
    positions[i] = static_cast<int32_t>(first + i);
}

/// Copies the scores of rows `first ..< first + count`, dropped pairs becoming `kMasked`. Returns whether any was kept.
/// `to` may be `from`; both are `[64][64]`.
template <class Isa>
inline bool maskRows(const KeyMask& mask, int first, int count, const float* from, float* to) {
  using IVec = typename Isa::IVec;
  constexpr int L = Isa::kLanes;
  int32_t columns[kBlock];
  fillPositions(0, columns);
  const IVec width = Isa::splatIndex(mask.width);
  const IVec limit = Isa::splatIndex(mask.limit);
  const typename Isa::Vec dropped = Isa::splat(kMasked);
  bool any = false;
  for (int r = first; r < first + count; ++r) {
    const IVec row = Isa::splatIndex(mask.rowPosition[r]);
    for (int c = 0; c < kBlock; c += L) {
      const IVec key = Isa::loadIndices(mask.keyPosition + c);
      const typename Isa::Mask kept = Isa::keeps(row, key, width, Isa::loadIndices(columns + c), limit);
      Isa::store(to + r * kBlock + c, Isa::select(kept, Isa::load(from + r * kBlock + c), dropped));
      any |= Isa::any(kept);
    }
  }
  return any;
}

} // namespace
