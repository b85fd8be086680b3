#pragma once

#include "packing.h"

/// Softmax attention of up to 64 query rows to one key block at a time, with the online softmax of FlashAttention
/// (Dao et al., <https://arxiv.org/abs/2205.14135>), in three steps over groups of 6 rows:
/// scores = Q Kᵀ, weights = 2^(scores − running maximum), output += weights · V.
///
/// The running maximum is exact but lazy: a group looks at all its rows with one branch and rescales only when a row
/// found a larger score, which soon becomes rare.

namespace {

/// Rows of a register tile. 64 rows are ten groups of 6 and one of 4.
constexpr int kTileRows = 6;
constexpr int kTailRows = kBlock % kTileRows;

inline int groupsFor(int rows) {
  return (rows + kTileRows - 1) / kTileRows;
}

/// What one block of query rows has gathered so far.
template <class Isa>
struct SoftmaxState {
  float* maximum; // [64], log2 units
  float* sums;    // [64][kLanes], to be added over the lanes
  float* output;  // [D/C'][64][C'], not yet divided by the sums

  void clear(int64_t dimension) const {
    for (int r = 0; r < kBlock; ++r)
      maximum[r] = kNoKeyYet;
    memset(sums, 0, kBlock * Isa::kLanes * sizeof(float));
    memset(output, 0, kBlock * dimension * sizeof(float));
  }
};

/// The rescaling that a group's output still needs.
struct Rescale {
  bool needed;
  float factor[kTileRows];
};

/// acc += A · B for a tile of R rows and NV vectors of columns: A is broadcast word by word, B a packed panel.
template <class Isa, int R, int NV>
SVG_INLINE void multiplyTile(const float* a, int64_t stride, const float* b, int64_t steps,
                             typename Isa::Vec (&acc)[R][NV]) {
  using Vec = typename Isa::Vec;
#pragma clang loop unroll_count(4)
  for (int64_t k = 0; k < steps; ++k) {
    Vec column[NV];
    SVG_UNROLL for (int v = 0; v < NV; ++v) column[v] = Isa::load(b + (k * NV + v) * Isa::kLanes);
    SVG_UNROLL for (int r = 0; r < R; ++r) {
      const Vec row = Isa::splat(a[r * stride + k]);
      SVG_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = Isa::multiplyAdd(row, column[v], acc[r][v]);
    }
  }
}

/// Scores of R query rows with one panel of keys. `scores` is `[…][64]`.
template <class Isa, int R>
SVG_INLINE void scoreTile(const float* q, const float* panel, int64_t words, float* scores) {
  constexpr int NV = Isa::kMaxVectors;
  typename Isa::Vec acc[R][NV];
  SVG_UNROLL for (int r = 0; r < R; ++r) {
    SVG_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = Isa::zero();
  }
  multiplyTile<Isa, R, NV>(q, words, panel, words, acc);
  SVG_UNROLL for (int r = 0; r < R; ++r) {
    SVG_UNROLL for (int v = 0; v < NV; ++v) Isa::store(scores + r * kBlock + v * Isa::kLanes, acc[r][v]);
  }
}

/// Turns R rows of scores with `Keys` keys into weights, as words, and updates the rows' maxima and sums. Rows of
/// scores and of weights lie `Stride` and `WordStride` apart. `weights` may be `scores`.
template <class Isa, int R, int Keys = kBlock, int Stride = kBlock, int WordStride = kBlock / Isa::kElementsPerWord>
SVG_INLINE void weightRows(const float* scores, float* weights, float* maximum, float* sums, Rescale& rescale) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  constexpr int N = Keys / L;
  constexpr int kWords = N / Isa::kElementsPerWord;
  Vec highest[R];
  Vec excess = Isa::splat(-1.0f);
  SVG_UNROLL for (int r = 0; r < R; ++r) {
    highest[r] = Isa::load(scores + r * Stride);
    SVG_UNROLL for (int v = 1; v < N; ++v) highest[r] = Isa::max(highest[r], Isa::load(scores + r * Stride + v * L));
    excess = Isa::max(excess, Isa::sub(highest[r], Isa::splat(maximum[r])));
  }
  rescale.needed = Isa::anyPositive(excess);
  if (__builtin_expect(rescale.needed, 0)) {
    for (int r = 0; r < R; ++r) {
      rescale.factor[r] = 1.0f;
      if (!Isa::anyPositive(Isa::sub(highest[r], Isa::splat(maximum[r]))))
        continue;
      const float updated = Isa::maximum(highest[r]);
      rescale.factor[r] = exp2f(maximum[r] - updated);
      Isa::store(sums + r * L, Isa::mul(Isa::load(sums + r * L), Isa::splat(rescale.factor[r])));
      maximum[r] = updated;
    }
  }
  SVG_UNROLL for (int r = 0; r < R; ++r) {
    Vec x[N], words[kWords];
    const Vec m = Isa::splat(maximum[r]);
    SVG_UNROLL for (int v = 0; v < N; ++v) x[v] = Isa::exp2(Isa::sub(Isa::load(scores + r * Stride + v * L), m));
    Isa::toWords(x, words, N);
    Vec sum = Isa::load(sums + r * L);
    SVG_UNROLL for (int v = 0; v < kWords; ++v) {
      Isa::store(weights + r * WordStride + v * L, words[v]);
      sum = Isa::addWords(sum, words[v]);
    }
    Isa::store(sums + r * L, sum);
  }
}

/// output += weights · values for R rows and one panel of value columns.
template <class Isa, int R, int NV>
SVG_INLINE void accumulateTile(const float* weights, const float* panel, const Rescale& rescale, float* output) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  constexpr int kSteps = kBlock / Isa::kElementsPerWord;
  Vec acc[R][NV];
  SVG_UNROLL for (int r = 0; r < R; ++r) {
    SVG_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = Isa::load(output + (r * NV + v) * L);
  }
  if (__builtin_expect(rescale.needed, 0)) {
    SVG_UNROLL for (int r = 0; r < R; ++r) {
      SVG_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = Isa::mul(acc[r][v], Isa::splat(rescale.factor[r]));
    }
  }
  multiplyTile<Isa, R, NV>(weights, kSteps, panel, kSteps, acc);
  SVG_UNROLL for (int r = 0; r < R; ++r) {
    SVG_UNROLL for (int v = 0; v < NV; ++v) Isa::store(output + (r * NV + v) * L, acc[r][v]);
  }
}

} // namespace
