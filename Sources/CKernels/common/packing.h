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

/// What happens to each row of queries or keys.
struct RowRecipe {
  svg_norm norm;
  float eps;
  const float* weight;
  const float* bias;
  const float* cosine;
  const float* sine;
  float scale;
  int64_t dimension;
};

inline RowRecipe queryRecipe(const svg_segment& s, int64_t dimension, float scale) {
  return {s.norm, s.eps, s.q_weight, s.q_bias, s.cosine, s.sine, scale, dimension};
}

inline RowRecipe keyRecipe(const svg_segment& s, int64_t dimension) {
  return {s.norm, s.eps, s.k_weight, s.k_bias, s.cosine, s.sine, 1.0f, dimension};
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

/// Normalizes, rotates, scales and packs one row. `kVectors` is D in vectors, 0 when not known at compile time.
template <class Isa, class Element, int kVectors>
SVG_INLINE void packRow(const Element* from, const RowRecipe& recipe, int64_t row, float* to) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  const int n = kVectors != 0 ? kVectors : static_cast<int>(recipe.dimension / L);
  Vec x[kVectors != 0 ? kVectors : kMaxHeadDimension / L];
  for (int v = 0; v < n; ++v)
    x[v] = read<Isa>(from + v * L);

  if (recipe.norm != SVG_NORM_NONE) {
    const float inverseCount = 1.0f / static_cast<float>(n * L);
    if (recipe.norm == SVG_NORM_LAYER) {
      Vec sum = x[0];
      for (int v = 1; v < n; ++v)
        sum = Isa::add(sum, x[v]);
      const Vec mean = Isa::splat(Isa::sum(sum) * inverseCount);
      for (int v = 0; v < n; ++v)
        x[v] = Isa::sub(x[v], mean);
    }
    Vec squares[2] = {Isa::zero(), Isa::zero()};
    for (int v = 0; v < n; ++v)
      squares[v % 2] = Isa::fma(x[v], x[v], squares[v % 2]);
    const float variance = Isa::sum(Isa::add(squares[0], squares[1])) * inverseCount;
    const Vec inverse = Isa::splat(1.0f / sqrtf(variance + recipe.eps));
    for (int v = 0; v < n; ++v)
      x[v] = Isa::mul(x[v], inverse);
    if (recipe.weight != nullptr) {
      for (int v = 0; v < n; ++v)
        x[v] = Isa::mul(x[v], Isa::load(recipe.weight + v * L));
    }
    if (recipe.bias != nullptr) {
      for (int v = 0; v < n; ++v)
        x[v] = Isa::add(x[v], Isa::load(recipe.bias + v * L));
    }
  }
  if (recipe.cosine != nullptr) {
    const float* cosine = recipe.cosine + row * (n * L / 2);
    const float* sine = recipe.sine + row * (n * L / 2);
    for (int v = 0; v < n; ++v) {
      x[v] = Isa::rotatePairs(x[v], Isa::loadTwice(cosine + v * L / 2), Isa::loadTwice(sine + v * L / 2));
    }
  }
  if (recipe.scale != 1.0f) {
    const Vec scale = Isa::splat(recipe.scale);
    for (int v = 0; v < n; ++v)
      x[v] = Isa::mul(x[v], scale);
  }
  Isa::storeWords(to, x, n);
}

/// `packRow` for the dimensions of real models unrolled, for others not.
template <class Isa, class Element>
inline void packRow(const Element* from, const RowRecipe& recipe, int64_t row, float* to) {
  switch (recipe.dimension) {
  case 64:
    return packRow<Isa, Element, 64 / Isa::kLanes>(from, recipe, row, to);
  case 96:
    return packRow<Isa, Element, 96 / Isa::kLanes>(from, recipe, row, to);
  case 128:
    return packRow<Isa, Element, 128 / Isa::kLanes>(from, recipe, row, to);
  default:
    return packRow<Isa, Element, 0>(from, recipe, row, to);
  }
}

template <class Isa, class Element>
inline void packQueries(const Element* column, int64_t stride, const BlockRows& rows, const RowRecipe& recipe,
                        float* to) {
  const int64_t words = recipe.dimension / Isa::kElementsPerWord;
  for (int r = 0; r < rows.count; ++r) {
    packRow<Isa>(column + rows.index[r] * stride, recipe, rows.index[r], to + r * words);
  }
  memset(to + rows.count * words, 0, (kBlock - rows.count) * words * sizeof(float));
}

template <class Isa, class Element>
inline void packKeys(const Element* column, int64_t stride, const BlockRows& rows, const RowRecipe& recipe, float* to) {
  constexpr int kStep = Isa::kTransposeStep;
  constexpr int kColumns = kKeyColumns<Isa>;
  const int64_t words = recipe.dimension / Isa::kElementsPerWord;
  alignas(64) float strip[kStep * kMaxHeadDimension];
  for (int first = 0; first < kBlock; first += kStep) {
    for (int r = first; r < first + kStep; ++r) {
      float* row = strip + (r - first) * words;
      if (r < rows.count) {
        packRow<Isa>(column + rows.index[r] * stride, recipe, rows.index[r], row);
      } else {
        memset(row, 0, words * sizeof(float));
      }
    }
    float* panel = to + first / kColumns * (words * kColumns) + first % kColumns;
    for (int64_t w = 0; w < words; w += kStep)
      Isa::transpose(strip + w, words, panel + w * kColumns, kColumns);
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
