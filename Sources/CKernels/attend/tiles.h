#pragma once

#include "../common/block.h"

/// Attention to one key block where the processor multiplies whole tiles (AMX): 16 rows of 16 words with 16 rows of 16
/// words, sums in 16 × 16 float32.
///
/// Works on 32 query rows at a time: the scores of the second half are multiplied while the exponentials of the first
/// are taken, because products of tiles run beside the vector units.

namespace {

constexpr int kTile = 16;
/// Query rows whose scores and outputs are in flight.
constexpr int kHalf = 2 * kTile;

/// Scores of 32 query rows with the 64 keys of a block. `scores` is `[32][64]`.
template <class Isa>
SVG_INLINE void scoreTiles(const float* q, const float* keys, int64_t words, float* scores) {
  for (int n = 0; n < kBlock; n += kHalf) {
    Isa::template zeroTile<0>();
    Isa::template zeroTile<1>();
    Isa::template zeroTile<2>();
    Isa::template zeroTile<3>();
    for (int64_t w = 0; w < words; w += kTile) {
      Isa::template loadTile<4>(q + w, words);
      Isa::template loadTile<5>(q + kTile * words + w, words);
      Isa::template loadTile<6>(keys + w * kBlock + n, kBlock);
      Isa::template loadTile<7>(keys + w * kBlock + n + kTile, kBlock);
      Isa::template multiplyTiles<0, 4, 6>();
      Isa::template multiplyTiles<1, 4, 7>();
      Isa::template multiplyTiles<2, 5, 6>();
      Isa::template multiplyTiles<3, 5, 7>();
    }
    Isa::template storeTile<0>(scores + n, kBlock);
    Isa::template storeTile<1>(scores + n + kTile, kBlock);
    Isa::template storeTile<2>(scores + kTile * kBlock + n, kBlock);
    Isa::template storeTile<3>(scores + kTile * kBlock + n + kTile, kBlock);
  }
}

/// output += weights · values for 32 rows; the weights stay in four tiles.
template <class Isa, int NV>
SVG_INLINE void accumulateTiles(const float* weights, const float* values, int64_t dimension, float* output) {
  constexpr int kColumns = NV * Isa::kLanes;
  constexpr int kSteps = kBlock / Isa::kElementsPerWord;
  static_assert(kSteps == 2 * kTile, "two tiles of words are the keys of a block");
  Isa::template loadTile<0>(weights, kSteps);
  Isa::template loadTile<1>(weights + kTile, kSteps);
  Isa::template loadTile<2>(weights + kTile * kSteps, kSteps);
  Isa::template loadTile<3>(weights + kTile * kSteps + kTile, kSteps);
  for (int64_t d = 0; d < dimension; d += kColumns) {
    for (int c = 0; c < kColumns; c += kTile) {
      const float* panel = values + d * kSteps + c;
      float* to = output + d * kBlock + c;
      Isa::template loadTile<4>(panel, kColumns);
      Isa::template loadTile<5>(panel + kTile * kColumns, kColumns);
      Isa::template loadTile<6>(to, kColumns);
      Isa::template loadTile<7>(to + kTile * kColumns, kColumns);
      Isa::template multiplyTiles<6, 0, 4>();
      Isa::template multiplyTiles<7, 2, 4>();
      Isa::template multiplyTiles<6, 1, 5>();
      Isa::template multiplyTiles<7, 3, 5>();
      Isa::template storeTile<6>(to, kColumns);
      Isa::template storeTile<7>(to + kTile * kColumns, kColumns);
    }
  }
}

/// Multiplies the gathered output of R rows with what a larger maximum leaves of it.
template <class Isa, int R, int NV>
inline void rescaleRows(const Rescale& rescale, int64_t dimension, float* output) {
  constexpr int kColumns = NV * Isa::kLanes;
  for (int64_t d = 0; d < dimension; d += kColumns) {
    for (int r = 0; r < R; ++r) {
      float* row = output + d * kBlock + r * kColumns;
      const typename Isa::Vec factor = Isa::splat(rescale.factor[r]);
      for (int c = 0; c < kColumns; c += Isa::kLanes)
        Isa::store(row + c, Isa::mul(Isa::load(row + c), factor));
    }
  }
}

/// Weights of 32 rows from their scores, and the output's rescaling.
template <class Isa, int NV>
SVG_INLINE void weightTiles(const float* scores, float* weights, int first, int64_t dimension,
                            const SoftmaxState<Isa>& state) {
  constexpr int kRows = 4;
  constexpr int kWords = kBlock / Isa::kElementsPerWord;
  for (int r = 0; r < kHalf; r += kRows) {
    const int row = first + r;
    Rescale rescale;
    weightRows<Isa, kRows>(scores + r * kBlock, weights + r * kWords, state.maximum + row,
                           state.sums + row * Isa::kLanes, rescale);
    if (__builtin_expect(rescale.needed, 0))
      rescaleRows<Isa, kRows, NV>(rescale, dimension, state.output + row * NV * Isa::kLanes);
  }
}

/// Attends `rows` query rows, rounded up to 32, to one key block. `scores` holds 64 × 64 scores and as many weights.
template <class Isa, int NV>
inline void attendTiles(int rows, const float* q, const float* keys, const float* values, int64_t dimension,
                        const KeyMask* mask, const SoftmaxState<Isa>& state, float* scores) {
  constexpr int kWords = kBlock / Isa::kElementsPerWord;
  const int64_t words = dimension / Isa::kElementsPerWord;
  float* weights = scores + kBlock * kBlock;
  for (int first = 0; first < rows; first += kHalf)
    scoreTiles<Isa>(q + first * words, keys, words, scores + first * kBlock);
  for (int first = 0; first < rows; first += kHalf) {
    if (mask != nullptr)
      maskRows<Isa>(*mask, first, kHalf, scores, scores);
    weightTiles<Isa, NV>(scores + first * kBlock, weights + first * kWords, first, dimension, state);
    accumulateTiles<Isa, NV>(weights + first * kWords, values, dimension, state.output + first * NV * Isa::kLanes);
  }
}

} // namespace
