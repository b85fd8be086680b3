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

/// What happens to each row of queries or keys: `((x − mean) · inverse deviation · weight + bias)`, rotated, scaled.
struct RowRecipe {
  svg_norm norm;
  float eps;
  const float* weight; // [D], ones when there are none
  const float* bias;   // [D], zeros when there are none
  const float* cosine;
  const float* sine;
  float scale;
  int64_t dimension;
};

struct Constant {
  float values[kMaxHeadDimension];
  constexpr explicit Constant(float value) : values() {
    for (float& x : values)
      x = value;
  }
};
constexpr Constant kOnes(1.0f);
constexpr Constant kZeros(0.0f);

inline RowRecipe rowRecipe(const svg_segment& s, const float* weight, const float* bias, float scale,
                           int64_t dimension) {
  const bool plain = s.norm == SVG_NORM_NONE;
  return {s.norm,
          s.eps,
          plain || weight == nullptr ? kOnes.values : weight,
          plain || bias == nullptr ? kZeros.values : bias,
          s.cosine,
          s.sine,
          scale,
          dimension};
}

inline RowRecipe queryRecipe(const svg_segment& s, int64_t dimension, float scale) {
  return rowRecipe(s, s.q_weight, s.q_bias, scale, dimension);
}

inline RowRecipe keyRecipe(const svg_segment& s, int64_t dimension) {
  return rowRecipe(s, s.k_weight, s.k_bias, 1.0f, dimension);
}

/// Which third of a projection row.
enum Operand { kQuery = 0, kKey = 1, kValue = 2 };

/// The first element of a head's part of projection row 0.
template <class Element>
inline const Element* headColumn(const svg_geometry& g, const svg_segment& s, Operand operand, int64_t head) {
  return static_cast<const Element*>(s.rows) + (operand * g.heads + head) * g.head_dimension;
}

template <class Isa>
SVG_INLINE typename Isa::Vec read(const float* p) {
  return Isa::load(p);
}
template <class Isa>
SVG_INLINE typename Isa::Vec read(const uint16_t* p) {
  return Isa::loadBFloat16(p);
}

/// Asks memory for a row that will be packed soon. Rows are far apart (a whole projection row, or a frame for temporal
/// heads) and short, so the processor does not see them coming.
template <class Element>
SVG_INLINE void prefetchRow(const Element* column, int64_t stride, const BlockRows& rows, int row, int64_t dimension) {
  if (row >= rows.count)
    return;
  const char* from = reinterpret_cast<const char*>(column + rows.index[row] * stride);
  for (int64_t byte = 0; byte < dimension * static_cast<int64_t>(sizeof(Element)); byte += 64) {
    __builtin_prefetch(from + byte);
  }
}

/// Rows that are normalized together. Each step of a norm waits for the one before; eight rows at a time fill the wait.
constexpr int kStripRows = 8;

/// Mean and inverse deviation of each row of a strip.
struct StripMoments {
  float mean[kStripRows];
  float inverse[kStripRows];
};

template <class Isa, class Element>
inline StripMoments stripMoments(const Element* const* from, int count, const RowRecipe& recipe) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  StripMoments moments;
  for (int r = 0; r < kStripRows; ++r)
    moments.mean[r] = 0, moments.inverse[r] = 1;
  if (recipe.norm == SVG_NORM_NONE)
    return moments;
  const float inverseCount = 1.0f / static_cast<float>(recipe.dimension);
  if (recipe.norm == SVG_NORM_LAYER) {
    for (int r = 0; r < count; ++r) {
      Vec sum = Isa::zero();
      for (int64_t i = 0; i < recipe.dimension; i += L)
        sum = Isa::add(sum, read<Isa>(from[r] + i));
      moments.mean[r] = Isa::sum(sum) * inverseCount;
    }
  }
  for (int r = 0; r < count; ++r) {
    const Vec mean = Isa::splat(moments.mean[r]);
    Vec squares = Isa::zero();
    for (int64_t i = 0; i < recipe.dimension; i += L) {
      const Vec x = Isa::sub(read<Isa>(from[r] + i), mean);
      squares = Isa::fma(x, x, squares);
    }
    moments.inverse[r] = 1.0f / sqrtf(Isa::sum(squares) * inverseCount + recipe.eps);
  }
  return moments;
}

/// Normalizes, rotates and scales the vectors `i ..< i + N·L` of a row and stores them as words.
template <class Isa, int N, class Element>
SVG_INLINE void packVectors(const Element* from, int64_t i, const RowRecipe& recipe, const float* cosine,
                            const float* sine, typename Isa::Vec mean, typename Isa::Vec inverse, float* to) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  Vec x[N];
  SVG_UNROLL for (int v = 0; v < N; ++v) {
    const int64_t at = i + v * L;
    x[v] = Isa::mul(Isa::sub(read<Isa>(from + at), mean), inverse);
    x[v] = Isa::fma(x[v], Isa::load(recipe.weight + at), Isa::load(recipe.bias + at));
    if (cosine != nullptr) {
      x[v] = Isa::rotatePairs(x[v], Isa::loadTwice(cosine + at / 2), Isa::loadTwice(sine + at / 2));
    }
    x[v] = Isa::mul(x[v], Isa::splat(recipe.scale));
  }
  Isa::storeWords(to + i / Isa::kElementsPerWord, x, N);
}

/// Packs up to eight rows, `words` words apart; rows past `rows.count` become zeros.
template <class Isa, class Element>
inline void packStrip(const Element* column, int64_t stride, const BlockRows& rows, int first, const RowRecipe& recipe,
                      float* to) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  const int64_t words = recipe.dimension / Isa::kElementsPerWord;
  const int left = rows.count - first;
  const int count = left < 0 ? 0 : left < kStripRows ? left : kStripRows;
  const Element* from[kStripRows];
  for (int r = 0; r < count; ++r) {
    from[r] = column + rows.index[first + r] * stride;
    prefetchRow(column, stride, rows, first + r + kStripRows, recipe.dimension);
  }
  const StripMoments moments = stripMoments<Isa>(from, count, recipe);
  for (int r = 0; r < count; ++r) {
    const int64_t row = rows.index[first + r];
    const float* cosine = recipe.cosine == nullptr ? nullptr : recipe.cosine + row * (recipe.dimension / 2);
    const float* sine = recipe.cosine == nullptr ? nullptr : recipe.sine + row * (recipe.dimension / 2);
    const Vec mean = Isa::splat(moments.mean[r]), inverse = Isa::splat(moments.inverse[r]);
    int64_t i = 0;
    for (; i + 2 * L <= recipe.dimension; i += 2 * L) {
      packVectors<Isa, 2>(from[r], i, recipe, cosine, sine, mean, inverse, to + r * words);
    }
    if (i < recipe.dimension) {
      packVectors<Isa, 1>(from[r], i, recipe, cosine, sine, mean, inverse, to + r * words);
    }
  }
  memset(to + count * words, 0, (kStripRows - count) * words * sizeof(float));
}

template <class Isa, class Element>
inline void packQueries(const Element* column, int64_t stride, const BlockRows& rows, const RowRecipe& recipe,
                        float* to) {
  const int64_t words = recipe.dimension / Isa::kElementsPerWord;
  for (int first = 0; first < kBlock; first += kStripRows) {
    packStrip<Isa>(column, stride, rows, first, recipe, to + first * words);
  }
}

template <class Isa, class Element>
inline void packKeys(const Element* column, int64_t stride, const BlockRows& rows, const RowRecipe& recipe, float* to) {
  constexpr int kStep = Isa::kTransposeStep;
  constexpr int kColumns = kKeyColumns<Isa>;
  static_assert(kStripRows % kStep == 0, "a strip is transposed in whole squares");
  const int64_t words = recipe.dimension / Isa::kElementsPerWord;
  alignas(64) float strip[kStripRows * kMaxHeadDimension];
  for (int first = 0; first < kBlock; first += kStripRows) {
    packStrip<Isa>(column, stride, rows, first, recipe, strip);
    float* panel = to + first / kColumns * (words * kColumns) + first % kColumns;
    for (int r = 0; r < kStripRows; r += kStep) {
      for (int64_t w = 0; w < words; w += kStep) {
        Isa::transpose(strip + r * words + w, words, panel + w * kColumns + r, kColumns);
      }
    }
  }
}

template <class Isa, class Element>
inline void packValues(const Element* column, int64_t stride, const BlockRows& rows, int64_t dimension, float* to) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  constexpr int kStep = Isa::kElementsPerWord;
  const int columns = valueVectors<Isa>(dimension) * L;
  const int64_t panelWords = kBlock / kStep * columns;
  for (int r = 0; r < kBlock; r += kStep) {
    for (int next = 0; next < kStep; ++next) {
      prefetchRow(column, stride, rows, r + kStripRows + next, dimension);
    }
    const Element* first = r < rows.count ? column + rows.index[r] * stride : nullptr;
    float* line = to + r / kStep * columns;
    for (int64_t d = 0; d < dimension; d += columns, line += panelWords) {
      for (int c = 0; c < columns; c += L) {
        Vec words = first != nullptr ? read<Isa>(first + d + c) : Isa::zero();
        if constexpr (kStep == 2) {
          const bool hasSecond = r + 1 < rows.count;
          const Vec second = hasSecond ? read<Isa>(column + rows.index[r + 1] * stride + d + c) : Isa::zero();
          words = Isa::zip(words, second);
        }
        Isa::store(line + c, words);
      }
    }
  }
}

} // namespace
