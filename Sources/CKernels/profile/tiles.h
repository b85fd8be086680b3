#pragma once

#include "../common/products.h"
#include "scratch.h"

/// Profiling where the processor multiplies whole tiles (AMX).

namespace {

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

/// Key blocks of a step. Each output is loaded and stored once for all of them.
constexpr int kStepBlocks = 2;
constexpr int kStepKeys = kStepBlocks * kBlock;

/// The rows that the next step packs, so that memory can be asked for them meanwhile, a few at a time.
struct NextRows {
  const char* keys;
  int64_t values; // bytes from a row's keys to its values
  int64_t stride;
  int64_t bytes;

  SVG_INLINE void prefetch(int first, int count) const {
    for (int r = first; keys != nullptr && r < first + count; ++r) {
      for (int64_t byte = 0; byte < bytes; byte += 64) {
        __builtin_prefetch(keys + r * stride + byte, 0, 2);
        __builtin_prefetch(keys + r * stride + values + byte, 0, 2);
      }
    }
  }
};

/// A packed key block and what is kept of it.
struct KeyBlock {
  const float* keys;
  const float* values;
  KeyMask masks[kVariants];

  /// The same with no key at all.
  KeyBlock withoutKeys() const {
    KeyBlock none = *this;
    for (KeyMask& mask : none.masks)
      mask.limit = 0;
    return none;
  }
  /// Goes on to the next 64 sampled rows.
  void advanceRows() {
    for (KeyMask& mask : masks)
      mask.rowPosition += kBlock;
  }
};

struct KeyStep {
  KeyBlock blocks[kStepBlocks];
  NextRows next;
};

/// Copies the weights that `mask` keeps, of 32 rows from `first` on, and adds them to the rows' sums. Returns whether
/// there was any. Rows lie `kStepKeys` elements apart.
template <class Isa>
inline bool keepWeights(const KeyMask& mask, int first, const float* weights, float* kept,
                        const SoftmaxState<Isa>& state) {
  using IVec = typename Isa::IVec;
  constexpr int L = Isa::kLanes, kVectors = kBlock / L / 2;
  static_assert(Isa::kElementsPerWord == 2, "two masks are one of words");
  // |row − key| < width, as one comparison of unsigned numbers.
  IVec key[2 * kVectors];
  for (int v = 0; v < 2 * kVectors; ++v)
    key[v] = Isa::addIndex(Isa::loadIndices(mask.keyPosition + v * L), Isa::splatIndex(mask.width - 1));
  const IVec window = Isa::addIndex(Isa::splatIndex(mask.width), Isa::splatIndex(mask.width - 1));
  uint32_t any = 0;
  for (int r = 0; r < kHalf; ++r) {
    const IVec row = Isa::splatIndex(mask.rowPosition[first + r]);
    float* sums = state.sums + (first + r) * L;
    typename Isa::Vec sum = Isa::load(sums);
    uint32_t found = 0;
    SVG_UNROLL for (int v = 0; v < kVectors; ++v) {
      const int at = r * (kStepKeys / 2) + v * L;
      const uint32_t bits =
          Isa::follows(key[2 * v], row, window) | static_cast<uint32_t>(Isa::follows(key[2 * v + 1], row, window)) << L;
      const auto words = Isa::keepElements(bits, Isa::load(weights + at));
      Isa::store(kept + at, words);
      sum = Isa::addWords(sum, words);
      found |= bits;
    }
    Isa::store(sums, sum);
    if (found != 0)
      state.maximum[first + r] = kKeptSome;
    any |= found;
  }
  return any != 0;
}

/// The first maxima lie this far above the largest score of the first step, as a power of two: so they seldom grow,
/// which would rescale all variants. Weights this much smaller are as exact.
constexpr float kMaximumSlack = 6.0f;

template <class Isa>
inline void startMaxima(const float* scores, float* maximum) {
  for (int r = 0; r < kHalf; ++r, scores += kStepKeys) {
    typename Isa::Vec highest = Isa::load(scores);
    for (int c = Isa::kLanes; c < kStepKeys; c += Isa::kLanes)
      highest = Isa::max(highest, Isa::load(scores + c));
    maximum[r] = Isa::maximum(highest) + kMaximumSlack;
  }
}

/// Multiplies the gathered output of R rows with what a larger maximum leaves of it.
template <class Isa, int R, int NV>
inline void rescaleRows(const Rescale& rescale, int64_t dimension, float* output) {
  constexpr int kColumns = NV * Isa::kLanes;
  for (int r = 0; r < R; ++r) {
    if (rescale.factor[r] == 1.0f)
      continue;
    const typename Isa::Vec factor = Isa::splat(rescale.factor[r]);
    for (int64_t d = 0; d < dimension; d += kColumns) {
      float* row = output + d * kBlock + r * kColumns;
      for (int c = 0; c < kColumns; c += Isa::kLanes)
        Isa::store(row + c, Isa::mul(Isa::load(row + c), factor));
    }
  }
}

/// Turns the scores of two rows into weights, and rescales all variants where a maximum grew.
template <class Isa, int NV>
inline void weighRows(const float* scores, float* weights, int row, int64_t dimension,
                      const SoftmaxState<Isa> (&states)[kVariants]) {
  constexpr int L = Isa::kLanes, kRows = 2;
  Rescale rescale;
  weightRows<Isa, kRows, kStepKeys, kStepKeys, kStepKeys / Isa::kElementsPerWord>(
      scores, weights, states[kAllKeys].maximum + row, states[kAllKeys].sums + row * L, rescale);
  if (__builtin_expect(!rescale.needed, 1))
    return;
  for (int v = 0; v < kVariants; ++v) {
    rescaleRows<Isa, kRows, NV>(rescale, dimension, states[v].output + row * NV * L);
    for (int i = 0; v != kAllKeys && i < kRows; ++i) {
      float* sum = states[v].sums + (row + i) * L;
      Isa::store(sum, Isa::mul(Isa::load(sum), Isa::splat(rescale.factor[i])));
    }
  }
}

/// Scores of 32 sampled rows with the keys of a step.
template <class Isa>
inline void scoreStep(const float* q, const KeyStep& step, int64_t words, float* scores) {
  TileSums<Isa> sums = {{scores, scores + kTile, kStepKeys}};
  for (int c = 0; c < kStepKeys; c += kHalf) {
    const float* keys = step.blocks[c / kBlock].keys + c % kBlock;
    scoreTiles<Isa>(sums, q, keys, words, {scores + c, scores + c + kTile, kStepKeys});
  }
  sums.finish();
}

/// Updates the three variants of up to 64 sampled rows with the key blocks of a step.
///
/// The exponentials are taken once: a band's weights are those of all keys, without the keys that it drops. So they are
/// relative to the largest score of all keys; see `kVanished`.
template <class Isa, int NV>
inline void profileTiles(int rows, const float* q, const KeyStep& step, int64_t dimension,
                         const SoftmaxState<Isa> (&states)[kVariants]) {
  constexpr int kWords = kStepKeys / Isa::kElementsPerWord;
  const int64_t words = dimension / Isa::kElementsPerWord;
  const float* values[kStepBlocks];
  for (int b = 0; b < kStepBlocks; ++b)
    values[b] = step.blocks[b].values;
  alignas(64) float scores[kHalf * kStepKeys];
  alignas(64) float weights[kHalf * kWords], kept[kVariants][kHalf * kWords];
  for (int first = 0; first < rows; first += kHalf) {
    scoreStep<Isa>(q + first * words, step, words, scores);
    for (int b = 0; b < kStepBlocks; ++b) {
      for (int r = 0; r < kHalf; ++r) {
        for (int c = step.blocks[b].masks[kAllKeys].limit; c < kBlock; ++c)
          scores[r * kStepKeys + b * kBlock + c] = kMasked;
      }
    }
    if (states[kAllKeys].maximum[first] == kNoKeyYet)
      startMaxima<Isa>(scores, states[kAllKeys].maximum + first);
    for (int r = 0; r < kHalf; r += 2) {
      step.next.prefetch(2 * (first + r), 4);
      weighRows<Isa, NV>(scores + r * kStepKeys, weights + r * kWords, first + r, dimension, states);
    }
    // The scores have been used: the sums before the first may be stored there.
    TileSums<Isa> sums = {{scores, scores + kTile, kStepKeys}};
    for (int v = 0; v < kVariants; ++v) {
      bool any = v == kAllKeys;
      for (int b = 0; v != kAllKeys && b < kStepBlocks; ++b) {
        const int at = b * kBlock / Isa::kElementsPerWord;
        any |= keepWeights<Isa>(step.blocks[b].masks[v], first, weights + at, kept[v] + at, states[v]);
      }
      if (any)
        accumulateTiles<Isa, NV>(sums, {v == kAllKeys ? weights : kept[v], kBlock / Isa::kElementsPerWord, kWords},
                                 values, kStepBlocks, dimension, states[v].output + first * NV * Isa::kLanes);
    }
    sums.finish();
  }
}

} // namespace
