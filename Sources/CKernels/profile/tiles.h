#pragma once

#include "../common/products.h"
#include "scratch.h"

/// Profiling where the processor multiplies whole tiles (AMX).

namespace {

/// One bit for each key of a block: whether `mask` keeps its pair with row `row`.
template <class Isa>
SVG_INLINE uint64_t keptKeys(const KeyMask& mask, const int32_t* columns, int row) {
  uint64_t kept = 0;
  for (int c = 0; c < kBlock; c += Isa::kLanes) {
    const uint64_t bits =
        Isa::keeps(Isa::splatIndex(mask.rowPosition[row]), Isa::loadIndices(mask.keyPosition + c),
                   Isa::splatIndex(mask.width), Isa::loadIndices(columns + c), Isa::splatIndex(mask.limit));
    kept |= bits << c;
  }
  return kept;
}

/// In place of a total: the row's band keeps keys whose weights, relative to the largest score of all keys, are too
/// small for float32.
constexpr float kVanished = -1.0f;
/// Weights below 2⁻¹²⁶ are lost; what a total of this size loses by that is far below its rounding.
constexpr float kLeastTotal = 0x1p-90f;
/// In place of a band's maximum, which is that of all keys: that a key was kept.
constexpr float kKeptSome = 0.0f;

/// Whether a task left bands that must be computed with maxima of their own.
inline bool bandsVanished(const svg_profile& p, int64_t task) {
  const ProfileScratch<float> scratch = profileScratch<float>(p, task);
  for (int v = kSpatialBand; v <= kTemporalBand; ++v) {
    for (int64_t r = 0; r < p.row_count; ++r) {
      if (scratch.total(v)[r] == kVanished)
        return true;
    }
  }
  return false;
}

/// Copies the weights that `mask` keeps, of 32 rows from `first` on, and adds them to the rows' sums. Returns whether
/// there was any.
template <class Isa>
inline bool keepWeights(const KeyMask& mask, int first, const float* weights, float* kept,
                        const SoftmaxState<Isa>& state) {
  constexpr int L = Isa::kLanes;
  constexpr int kWords = kBlock / Isa::kElementsPerWord;
  constexpr int kElements = L * Isa::kElementsPerWord;
  int32_t columns[kBlock];
  fillPositions(0, columns);
  uint64_t any = 0;
  for (int r = 0; r < kHalf; ++r) {
    const uint64_t bits = keptKeys<Isa>(mask, columns, first + r);
    any |= bits;
    if (bits != 0)
      state.maximum[first + r] = kKeptSome;
    float* sums = state.sums + (first + r) * L;
    typename Isa::Vec sum = Isa::load(sums);
    for (int v = 0; v < kWords / L; ++v) {
      const int at = r * kWords + v * L;
      const auto words = Isa::keepElements(static_cast<uint32_t>(bits >> (v * kElements)), Isa::load(weights + at));
      Isa::store(kept + at, words);
      sum = Isa::addWords(sum, words);
    }
    Isa::store(sums, sum);
  }
  return any != 0;
}

/// Updates the three variants of up to 64 sampled rows with one key block.
///
/// The exponentials are taken once: a band's weights are those of all keys, without the keys that it drops. So they are
/// relative to the largest score of all keys; see `kVanished`.
template <class Isa, int NV>
inline void profileTiles(int rows, const float* q, const float* keys, const float* values, int64_t dimension,
                         const KeyMask (&masks)[kVariants], const SoftmaxState<Isa> (&states)[kVariants]) {
  constexpr int L = Isa::kLanes;
  constexpr int kRows = 4;
  constexpr int kWords = kBlock / Isa::kElementsPerWord;
  const int64_t words = dimension / Isa::kElementsPerWord;
  const KeyMask& existing = masks[kAllKeys];
  NothingBetween nothing;
  alignas(64) float scores[kBlock * kBlock];
  alignas(64) float weights[kHalf * kWords], kept[kHalf * kWords];
  for (int first = 0; first < rows; first += kHalf) {
    scoreTiles<Isa, kBlock>(q + first * words, keys, words, scores + first * kBlock, nothing);
    if (existing.limit < kBlock)
      maskRows<Isa>(existing, first, kHalf, scores, scores);
    for (int r = 0; r < kHalf; r += kRows) {
      const int row = first + r;
      Rescale rescale;
      weightRows<Isa, kRows>(scores + row * kBlock, weights + r * kWords, states[kAllKeys].maximum + row,
                             states[kAllKeys].sums + row * L, rescale);
      if (__builtin_expect(!rescale.needed, 1))
        continue;
      for (int v = 0; v < kVariants; ++v) {
        rescaleRows<Isa, kRows, NV>(rescale, dimension, states[v].output + row * NV * L);
        for (int i = 0; v != kAllKeys && i < kRows; ++i) {
          float* sum = states[v].sums + (row + i) * L;
          Isa::store(sum, Isa::mul(Isa::load(sum), Isa::splat(rescale.factor[i])));
        }
      }
    }
    accumulateTiles<Isa, NV, kBlock>(weights, &values, 1, dimension, states[kAllKeys].output + first * NV * L);
    for (int v = kSpatialBand; v <= kTemporalBand; ++v) {
      if (keepWeights<Isa>(masks[v], first, weights, kept, states[v]))
        accumulateTiles<Isa, NV, kBlock>(kept, &values, 1, dimension, states[v].output + first * NV * L);
    }
  }
}

} // namespace
