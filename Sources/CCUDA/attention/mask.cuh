#pragma once

#include "parameters.cuh"

/// The score of a pair that is not kept. A power of two: its product with the scale is exact, so that a row in which
/// nothing is kept yet has exponents of exactly zero and not rounding errors of 1e30; the first kept key wipes them.
constexpr float kDropped = -1.2676506e30f;

/// The keys `[low, high)`, in packed order, that a row keeps of one tile.
struct KeptKeys {
  i32 low;
  i32 high;
};

/// What `row` keeps of the tile of `entry`.
__device__ __forceinline__ KeptKeys keptKeys(const Geometry& geometry, u32 entry, i32 row, i32 halfWidth) {
  const i32 tile = static_cast<i32>(entry & kTileIndexMask);
  KeptKeys kept{0, 0x7FFFFFFF};
  if (entry & kNeedsLimit) {
    kept.high = tile * kTileRows < geometry.videoRows ? geometry.videoTokens : geometry.videoRows + geometry.validText;
  }
  if (entry & kNeedsBand) {
    kept.low = row - halfWidth + 1;
    kept.high = min(kept.high, row + halfWidth);
  }
  return kept;
}

/// Drops the scores of a thread that its two rows do not keep; the layout of warp and warpgroup products.
template <int kCount>
__device__ __forceinline__ void maskScores(float (&scores)[kCount], const Geometry& geometry, u32 entry, i32 row,
                                           i32 firstColumn, i32 halfWidth) {
  const KeptKeys upper = keptKeys(geometry, entry, row, halfWidth);
  const KeptKeys lower = keptKeys(geometry, entry, row + 8, halfWidth);
  const i32 column = static_cast<i32>(entry & kTileIndexMask) * kTileRows + firstColumn;
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    const i32 key = column + i / 4 * 8 + i % 2;
    const KeptKeys kept = i % 4 < 2 ? upper : lower;
    if (key < kept.low || key >= kept.high)
      scores[i] = kDropped;
  }
}
