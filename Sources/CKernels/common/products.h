#pragma once

#include "block.h"

/// The two products of attention where the processor multiplies whole tiles (AMX): 16 rows of 16 words with 16 rows of
/// 16 words, sums in 16 × 16 float32.

namespace {

constexpr int kTile = 16;
/// Query rows of a product: two tiles, so that two tiles of either operand make four products.
constexpr int kHalf = 2 * kTile;

/// Where four sums of products lie: two tiles of columns from `left` and `right` on, of 32 rows `stride` words apart.
struct SumPlace {
  float* left;
  float* right;
  int64_t stride;
};

/// What four products multiply: 32 rows of 16 words, `rowStride` words apart, with two tiles of columns.
struct TileFactors {
  const float* rows;
  int64_t rowStride;
  const float* left;
  const float* right;
  int64_t stride;
};

/// Products of tiles with their sums in tiles 0 … 3.
///
/// A sum is complete 52 cycles after its last product, and a tile store that waits for it holds back every tile load
/// behind it. So sums are not stored when they are done but each one right before the next sum takes its tile: the
/// store then finds it complete.
template <class Isa>
struct TileSums {
  SumPlace place;

  /// Stores the four sums that wait at `place` and begins four others: from zero, or from what lies there.
  template <bool FromZero>
  SVG_INLINE void begin(const SumPlace& next, const TileFactors& f) {
    Isa::template loadTile<4>(f.rows, f.rowStride);
    Isa::template loadTile<6>(f.left, f.stride);
    replace<0, FromZero>(next);
    Isa::template multiplyTiles<0, 4, 6>();
    Isa::template loadTile<7>(f.right, f.stride);
    replace<1, FromZero>(next);
    Isa::template multiplyTiles<1, 4, 7>();
    Isa::template loadTile<5>(f.rows + kTile * f.rowStride, f.rowStride);
    replace<2, FromZero>(next);
    Isa::template multiplyTiles<2, 5, 6>();
    replace<3, FromZero>(next);
    Isa::template multiplyTiles<3, 5, 7>();
    place = next;
  }

  /// Adds four products.
  SVG_INLINE void add(const TileFactors& f) {
    Isa::template loadTile<4>(f.rows, f.rowStride);
    Isa::template loadTile<6>(f.left, f.stride);
    Isa::template multiplyTiles<0, 4, 6>();
    Isa::template loadTile<7>(f.right, f.stride);
    Isa::template multiplyTiles<1, 4, 7>();
    Isa::template loadTile<5>(f.rows + kTile * f.rowStride, f.rowStride);
    Isa::template multiplyTiles<2, 5, 6>();
    Isa::template multiplyTiles<3, 5, 7>();
  }

  /// Stores the four sums that wait.
  SVG_INLINE void finish() {
    store<0>();
    store<1>();
    store<2>();
    store<3>();
  }

private:
  template <int T>
  static SVG_INLINE float* at(const SumPlace& place) {
    return (T % 2 == 0 ? place.left : place.right) + T / 2 * kTile * place.stride;
  }
  template <int T>
  SVG_INLINE void store() {
    Isa::template storeTile<T>(at<T>(place), place.stride);
  }
  template <int T, bool FromZero>
  SVG_INLINE void replace(const SumPlace& next) {
    store<T>();
    if constexpr (FromZero) {
      Isa::template zeroTile<T>();
    } else {
      Isa::template loadTile<T>(at<T>(next), next.stride);
    }
  }
};

/// Where column `d` of row 0 begins in panels of `columns` columns and `rows` rows.
inline int64_t panelOffset(int64_t d, int columns, int rows) {
  return d / columns * (columns * rows) + d % columns;
}

/// Scores of 32 query rows with 32 keys, a column of `keys` each; they are stored when the next sums begin.
template <class Isa>
SVG_INLINE void scoreTiles(TileSums<Isa>& sums, const float* q, const float* keys, int64_t words, const SumPlace& to) {
  const auto factors = [&](int64_t w) {
    return TileFactors{q + w, words, keys + w * kBlock, keys + w * kBlock + kTile, kBlock};
  };
  sums.template begin<true>(to, factors(0));
  for (int64_t w = kTile; w < words; w += kTile)
    sums.add(factors(w));
}

/// Weights of 32 rows for some key blocks, in words: how far blocks and rows lie apart.
struct TileWeights {
  const float* from;
  int64_t block;
  int64_t row;
};

/// output += weights · values, the values of each of `count` blocks. Each output is loaded and stored once.
template <class Isa, int NV>
SVG_INLINE void accumulateTiles(TileSums<Isa>& sums, const TileWeights& weights, const float* const* values, int count,
                                int64_t dimension, float* output) {
  constexpr int kColumns = NV * Isa::kLanes;
  constexpr int kWords = kBlock / Isa::kElementsPerWord;
  static_assert(kWords == 2 * kTile, "a block is two products");
  for (int64_t d = 0; d < dimension; d += kHalf) {
    // The two tiles of columns may lie in two panels.
    const int64_t left = panelOffset(d, kColumns, kWords), right = panelOffset(d + kTile, kColumns, kWords);
    const auto factors = [&](int b, int k) {
      const float* from = values[b] + k * kColumns;
      return TileFactors{weights.from + b * weights.block + k, weights.row, from + left, from + right, kColumns};
    };
    sums.template begin<false>(
        {output + panelOffset(d, kColumns, kBlock), output + panelOffset(d + kTile, kColumns, kBlock), kColumns},
        factors(0, 0));
    sums.add(factors(0, kTile));
    for (int b = 1; b < count; ++b) {
      sums.add(factors(b, 0));
      sums.add(factors(b, kTile));
    }
  }
}

} // namespace
