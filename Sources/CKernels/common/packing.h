#pragma once

#include "../simd/simd.h"
#include "geometry.h"

/// The packed operands of the vector kernels, in 32-bit words (see `simd.h`: g elements per word), per block of 64
/// rows:
///
///   queries  [64][D/g]                       a word is broadcast over a tile row
///   keys     [64/C][D/g][C]                  panels of C key columns, C = one register tile
///   values   [D/C'][64/g][C']                panels of C' value columns
///
/// so that both products of attention walk their right operand linearly, one register tile per panel.

namespace {

template <class Isa>
constexpr int kKeyColumns = Isa::kMaxVectors* Isa::kLanes;
static_assert(SVG_BLOCK_ROWS % 64 == 0, "key panels of 16 and of 64 columns must fill a block");

/// Vectors in a panel of value columns: the widest that divides D evenly.
template <class Isa>
inline int valueVectors(int64_t dimension) {
  const int vectors = static_cast<int>(dimension / Isa::kLanes);
  int best = Isa::kMaxVectors;
  while (vectors % best != 0)
    --best;
  return best;
}

struct Constant {
  float values[kMaxHeadDimension];
  constexpr explicit Constant(float value) : values() {
    for (float& x : values)
      x = value;
  }
};
constexpr Constant kOnes(1.0f);
constexpr Constant kZeros(0.0f);

/// What happens to each row of queries or keys: `((x − mean) · inverse deviation · weight + bias) · scale`, rotated.
///
/// Elements 2j and 2j + 1 are pair j. All arithmetic is on pairs, the even elements in one vector and the odd ones in
/// another, so that a rotation needs no shuffle; and so they are packed, because a score is the same in any order of
/// its sum that queries and keys agree on.
struct RowRecipe {
  svg_norm norm;
  float eps;
  const float* cosine;
  const float* sine;
  int64_t dimension;
  /// Of the even and of the odd elements, times the scale.
  alignas(64) float weight[2][kMaxHeadDimension / 2];
  alignas(64) float bias[2][kMaxHeadDimension / 2];

  RowRecipe(const svg_segment& s, const float* weights, const float* biases, float scale, int64_t dimension)
      : norm(s.norm), eps(s.eps), cosine(s.cosine), sine(s.sine), dimension(dimension) {
    const float* w = norm == SVG_NORM_NONE || weights == nullptr ? kOnes.values : weights;
    const float* b = norm == SVG_NORM_NONE || biases == nullptr ? kZeros.values : biases;
    for (int64_t j = 0; j < dimension / 2; ++j) {
      for (int odd = 0; odd < 2; ++odd) {
        weight[odd][j] = w[2 * j + odd] * scale;
        bias[odd][j] = b[2 * j + odd] * scale;
      }
    }
  }
};

inline RowRecipe queryRecipe(const svg_segment& s, int64_t dimension, float scale) {
  return RowRecipe(s, s.q_weight, s.q_bias, scale, dimension);
}

inline RowRecipe keyRecipe(const svg_segment& s, int64_t dimension) {
  return RowRecipe(s, s.k_weight, s.k_bias, 1.0f, dimension);
}

/// Which third of a projection row.
enum Operand { kQuery = 0, kKey = 1, kValue = 2 };

/// The first element of a head's part of projection row 0.
template <class Element>
inline const Element* headColumn(const svg_geometry& g, const svg_segment& s, Operand operand, int64_t head) {
  return static_cast<const Element*>(s.rows) + (operand * g.heads + head) * g.head_dimension;
}

/// What is packed after a block's rows of an operand, so that memory can be asked for it meanwhile. Rows are short and
/// far apart (a whole projection row, or a frame for temporal heads), and so are packed blocks: the processor sees
/// neither coming.
struct Next {
  /// How far from each row the next one lies, in elements.
  int64_t row;
  /// Where it will be packed, unless that is in cache.
  const float* packed;
};

/// One operand of one head in a block: where its rows lie.
template <class Element>
struct OperandRows {
  /// Zeros in place of padding.
  const Element* row[kBlock];
  Next next;

  OperandRows(const svg_projection& p, const BlockRows& rows, Operand operand, int64_t head, Next next) : next(next) {
    const svg_segment& s = *rows.segment;
    const Element* column = headColumn<Element>(p.geometry, s, operand, head);
    for (int r = 0; r < kBlock; ++r)
      row[r] = r < rows.count ? column + rows.index[r] * s.row_stride : reinterpret_cast<const Element*>(kZeros.values);
  }

  /// Asks for what comes after `count` elements of row r from `first` on, and for its place.
  template <class Isa>
  SVG_INLINE void prefetchNext(int r, int64_t first, int64_t count, int64_t dimension) const {
    prefetch(row[r] + first + next.row, count * static_cast<int64_t>(sizeof(Element)));
    if (next.packed != nullptr) {
      const int64_t bytes = 4 / Isa::kElementsPerWord;
      prefetch(reinterpret_cast<const char*>(next.packed) + (r * dimension + first) * bytes, count * bytes);
    }
  }

  /// Into the second cache: its turn comes too late to take the place of what the first one holds.
  static SVG_INLINE void prefetch(const void* from, int64_t bytes) {
    for (int64_t byte = 0; byte < bytes; byte += 64)
      __builtin_prefetch(static_cast<const char*>(from) + byte, 0, 2);
  }
};

/// Calls `body` for the pairs of a row, as `body.template operator()<N>(j)`: N of them from pair j on. N is a vector of
/// pairs, or half of one at the end of a row whose dimension is an odd multiple of 16.
template <class Isa, class Body>
SVG_INLINE void forPairs(int64_t dimension, Body body) {
  constexpr int L = Isa::kLanes;
  int64_t j = 0;
  for (; j + L <= dimension / 2; j += L)
    body.template operator()<L>(j);
  if constexpr (L > 8) {
    if (j < dimension / 2)
      body.template operator()<L / 2>(j);
  }
}

/// Normalizing a row is `x · factor + offset`: the inverse deviation, and that times −mean.
template <class Isa>
struct BlockMoments {
  alignas(64) float factor[kBlock];
  alignas(64) float offset[kBlock];

  /// Takes as many rows at once as a vector has lanes, so that their moments are one vector.
  template <class Element>
  BlockMoments(const OperandRows<Element>& rows, const RowRecipe& recipe) {
    using Vec = typename Isa::Vec;
    for (int first = 0; first < kBlock; first += Isa::kLanes) {
      Vec mean = Isa::zero(), inverse = Isa::splat(1.0f);
      if (recipe.norm != SVG_NORM_NONE) {
        Vec variance;
        const bool isCentered = recipe.norm == SVG_NORM_LAYER;
        addMoments(rows.row + first, recipe.dimension, isCentered, mean, variance);
        // The variance about zero has lost digits where the mean is large; that about nearly the mean has not.
        if (isCentered && Isa::anyPositive(Isa::fmsub(mean, mean, Isa::mul(Isa::splat(4.0f), variance))))
          addMoments(rows.row + first, recipe.dimension, isCentered, mean, variance);
        inverse = Isa::div(inverse, Isa::sqrt(Isa::add(variance, Isa::splat(recipe.eps))));
      }
      Isa::store(factor + first, inverse);
      Isa::store(offset + first, Isa::mul(Isa::sub(Isa::zero(), mean), inverse));
    }
  }

private:
  /// Improves the means of rows, and finds their variances about them if they are centered, else about `mean`.
  template <class Element>
  static inline void addMoments(const Element* const* rows, int64_t dimension, bool isCentered, typename Isa::Vec& mean,
                                typename Isa::Vec& variance) {
    using Vec = typename Isa::Vec;
    constexpr int L = Isa::kLanes;
    const Vec inverseCount = Isa::splat(1.0f / static_cast<float>(dimension));
    alignas(64) float means[L];
    Isa::store(means, mean);
    Vec sums[L], squares[L];
    // The sums of half the rows fit the registers.
    for (int half = 0; half < L; half += L / 2) {
      Vec sum[L / 2], square[L / 2];
      SVG_UNROLL for (int r = 0; r < L / 2; ++r) sum[r] = square[r] = Isa::zero();
      forPairs<Isa>(dimension, [&]<int N>(int64_t j) {
        SVG_UNROLL for (int r = 0; r < L / 2; ++r) {
          const auto x = Isa::template loadPairs<N>(rows[half + r] + 2 * j);
          const Vec even = Isa::template keepFirst<N>(Isa::sub(x.even, Isa::splat(means[half + r])));
          const Vec odd = Isa::template keepFirst<N>(Isa::sub(x.odd, Isa::splat(means[half + r])));
          sum[r] = Isa::add(sum[r], Isa::add(even, odd));
          square[r] = Isa::fma(even, even, Isa::fma(odd, odd, square[r]));
        }
      });
      SVG_UNROLL for (int r = 0; r < L / 2; ++r) sums[half + r] = sum[r], squares[half + r] = square[r];
    }
    variance = Isa::mul(Isa::sumEach(squares), inverseCount);
    if (isCentered) {
      const Vec shift = Isa::mul(Isa::sumEach(sums), inverseCount);
      variance = Isa::max(Isa::sub(variance, Isa::mul(shift, shift)), Isa::zero());
      mean = Isa::add(mean, shift);
    }
  }
};

/// Normalizes, rotates and packs as many rows as a vector has lanes, `words` words apart.
template <class Isa, bool kRotates, class Element>
inline void packStrip(const OperandRows<Element>& rows, const BlockRows& block, int first, const RowRecipe& recipe,
                      const BlockMoments<Isa>& moments, float* to) {
  using Vec = typename Isa::Vec;
  const int64_t half = recipe.dimension / 2, words = recipe.dimension / Isa::kElementsPerWord;
  forPairs<Isa>(recipe.dimension, [&]<int N>(int64_t j) {
    const Pairs<Vec> weight = {Isa::load(recipe.weight[0] + j), Isa::load(recipe.weight[1] + j)};
    const Pairs<Vec> bias = {Isa::load(recipe.bias[0] + j), Isa::load(recipe.bias[1] + j)};
    float* line = to + 2 * j / Isa::kElementsPerWord;
    for (int r = first; r < first + Isa::kLanes; ++r, line += words) {
      rows.template prefetchNext<Isa>(r, 2 * j, 2 * N, recipe.dimension);
      const Vec factor = Isa::splat(moments.factor[r]), offset = Isa::splat(moments.offset[r]);
      auto [even, odd] = Isa::template loadPairs<N>(rows.row[r] + 2 * j);
      even = Isa::fma(Isa::fma(even, factor, offset), weight.even, bias.even);
      odd = Isa::fma(Isa::fma(odd, factor, offset), weight.odd, bias.odd);
      if constexpr (kRotates) {
        const Vec c = Isa::template loadFirst<N>(recipe.cosine + block.index[r] * half + j);
        const Vec s = Isa::template loadFirst<N>(recipe.sine + block.index[r] * half + j);
        const Vec turned = Isa::fmsub(even, c, Isa::mul(odd, s));
        odd = Isa::fma(odd, c, Isa::mul(even, s));
        even = turned;
      }
      Isa::template storePairs<N>(line, {even, odd});
    }
  });
  for (int r = block.count > first ? block.count - first : 0; r < Isa::kLanes; ++r)
    memset(to + r * words, 0, words * sizeof(float));
}

/// The same for rows that are rotated or not.
template <class Isa, class Element>
inline void packStrip(const OperandRows<Element>& rows, const BlockRows& block, int first, const RowRecipe& recipe,
                      const BlockMoments<Isa>& moments, float* to) {
  if (recipe.cosine != nullptr) {
    packStrip<Isa, true>(rows, block, first, recipe, moments, to);
  } else {
    packStrip<Isa, false>(rows, block, first, recipe, moments, to);
  }
}

template <class Isa, class Element>
inline void packQueries(const OperandRows<Element>& rows, const BlockRows& block, const RowRecipe& recipe, float* to) {
  const BlockMoments<Isa> moments(rows, recipe);
  const int64_t words = recipe.dimension / Isa::kElementsPerWord;
  for (int first = 0; first < kBlock; first += Isa::kLanes)
    packStrip<Isa>(rows, block, first, recipe, moments, to + first * words);
}

template <class Isa, class Element>
inline void packKeys(const OperandRows<Element>& rows, const BlockRows& block, const RowRecipe& recipe, float* to) {
  constexpr int L = Isa::kLanes;
  constexpr int kColumns = kKeyColumns<Isa>;
  const BlockMoments<Isa> moments(rows, recipe);
  const int64_t words = recipe.dimension / Isa::kElementsPerWord;
  alignas(64) float strip[L * kMaxHeadDimension];
  for (int first = 0; first < kBlock; first += L) {
    packStrip<Isa>(rows, block, first, recipe, moments, strip);
    float* panel = to + first / kColumns * (words * kColumns) + first % kColumns;
    for (int64_t w = 0; w < words; w += L)
      Isa::transpose(strip + w, words, panel + w * kColumns, kColumns, words - w < L ? words - w : L);
  }
}

/// Words of values are neighbors in a sum over rows.
template <class Isa, class Element>
inline void packValues(const OperandRows<Element>& rows, int64_t dimension, float* to) {
  constexpr int L = Isa::kLanes;
  constexpr int kStep = Isa::kElementsPerWord;
  const int columns = valueVectors<Isa>(dimension) * L;
  for (int r = 0; r < kBlock; r += kStep) {
    for (int i = 0; i < kStep; ++i)
      rows.template prefetchNext<Isa>(r + i, 0, dimension, dimension);
    const Element *a = rows.row[r], *b = rows.row[r + kStep - 1];
    float* line = to + r / kStep * columns;
    for (int64_t d = 0; d < dimension; d += columns, line += kBlock / kStep * columns) {
      for (int c = 0; c < columns; c += L)
        Isa::store(line + c, Isa::loadColumn(a + d + c, b + d + c));
    }
  }
}

} // namespace
