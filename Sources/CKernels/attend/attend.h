#pragma once

#include "tiles.h"

/// Block-sparse softmax attention: one head and one block of 64 query rows per task.
///
/// For every kept key block 4·64·64·D FLOPs on 2·64·D packed elements of K and V. The output rows go straight to their
/// row of `[S, H·D]`: undoing the placement and joining the heads cost nothing.
///
///   instruction set   operands   sums     relative L2 error against double
///   scalar            double     double   6e-8 (rounding of the float32 output)
///   AVX2, AVX-512,    float32    float32  9.1e-7 at worst over the sizes of `kernelcheck`
///   NEON
///   AVX512-BF16, AMX  bfloat16   float32  3.6e-3, of which rounding Q, K, V and the weights is all
///
/// AVX2 on one Zen 3 core (peak 108 GFLOP/s) beside other work: 67-79 GFLOP/s, 1.1-1.2 times PyTorch 2.13's float32
/// `scaled_dot_product_attention` in the same interleaved run (D 64 and 128, S 4096).

namespace {

/// Attends `groups` row groups to one key block.
template <class Isa, int NV>
inline void attendKeyBlock(int groups, const float* q, const float* keys, const float* values, int64_t dimension,
                           const KeyMask* mask, const SoftmaxState<Isa>& state, float* scores) {
  const int64_t words = dimension / Isa::kElementsPerWord;
  if constexpr (Isa::kPanelOuter) {
    scoreBlock<Isa>(groups, q, keys, words, scores);
    if (mask != nullptr)
      maskRows<Isa>(*mask, 0, rowsOfGroups(groups), scores, scores);
    applyScores<Isa, NV>(groups, scores, scores, values, dimension, state);
  } else {
    // Both blocks fit the L1 cache: one group at a time keeps its scores in flight and hides the exponentials under the
    // products.
    float* weights = scores + kBlock * kBlock;
    for (int group = 0; group < groups; ++group) {
      for (int c = 0; c < kBlock; c += kKeyColumns<Isa>) {
        scoreGroup<Isa>(group, q, keys + c * words, words, scores + c);
      }
      if (mask != nullptr)
        maskRows<Isa>(*mask, group * kTileRows, rowsOfGroup(group), scores, scores);
      applyGroup<Isa, NV>(group, scores, weights, values, dimension, state);
    }
  }
}

/// Attends `groups` row groups from packed row `first` on to the key blocks of a task, one by one.
template <class Isa, int NV>
inline void attendKeyBlocks(int groups, int64_t first, const float* q, const KeyBlocks& blocks, int64_t dimension,
                            const SoftmaxState<Isa>& state) {
  alignas(64) float scores[kBlock * kBlock * (Isa::kPanelOuter ? 1 : 2)];
  int32_t rowPosition[kBlock], keyPosition[kBlock];
  fillPositions(first, rowPosition);
  for (int64_t i = 0; i < blocks.count; ++i) {
    const uint32_t entry = blocks.entries[i];
    KeyMask mask = {rowPosition, keyPosition, kEveryPair, kBlock};
    if (entry & SVG_KIND_BAND)
      mask.width = blocks.halfWidth;
    if (entry & SVG_KIND_LIMIT)
      mask.limit = existingRows(*blocks.geometry, blocks.index(i));
    if (blocks.isMasked(i))
      fillPositions(blocks.index(i) * kBlock, keyPosition);
    attendKeyBlock<Isa, NV>(groups, q, blocks.keysOf(i), blocks.valuesOf(i), dimension,
                            blocks.isMasked(i) ? &mask : nullptr, state, scores);
  }
}

/// Writes one finished row: the sum over keys divided by the sum of weights, or zeros without a key.
template <class Isa, class Element>
inline void writeRow(const SoftmaxState<Isa>& state, int row, int64_t dimension, int columns, Element* to) {
  using Vec = typename Isa::Vec;
  constexpr int L = Isa::kLanes;
  const float sum = Isa::sum(Isa::load(state.sums + row * L));
  const Vec inverse = Isa::splat(sum != 0.0f ? 1.0f / sum : 0.0f);
  for (int64_t d = 0; d < dimension; d += L) {
    const int64_t panel = d / columns * columns;
    const Vec x = Isa::mul(Isa::load(state.output + panel * kBlock + row * columns + (d - panel)), inverse);
    if constexpr (sizeof(Element) == 2) {
      Isa::storeBFloat16(to + d, x);
    } else {
      Isa::store(to + d, x);
    }
  }
}

template <class Isa, class Element>
inline void writeRows(const svg_attend& a, int64_t head, int64_t block, const SoftmaxState<Isa>& state) {
  const svg_geometry& g = a.geometry;
  const int64_t d = g.head_dimension;
  const int columns = valueVectors<Isa>(d) * Isa::kLanes;
  const int count = existingRows(g, block);
  Element* output = static_cast<Element*>(a.output) + head * d;
  if (block < videoBlocks(g)) {
    const int64_t offset = g.text_first ? g.text_tokens : 0;
    VideoWalk walk(g, a.patterns[head], block * kBlock);
    for (int r = 0; r < count; ++r, walk.advance()) {
      writeRow<Isa>(state, r, d, columns, output + (offset + walk.frameMajorIndex()) * a.output_stride);
    }
  } else {
    const int64_t offset = g.text_first ? 0 : videoTokens(g);
    const int64_t first = (block - videoBlocks(g)) * kBlock;
    for (int r = 0; r < kBlock && first + r < g.text_tokens; ++r) {
      Element* to = output + (offset + first + r) * a.output_stride;
      if (r < count) {
        writeRow<Isa>(state, r, d, columns, to);
      } else {
        memset(to, 0, d * sizeof(Element));
      }
    }
  }
}

template <class Isa, int NV>
inline void attendTask(const svg_attend& a, int64_t head, int64_t block) {
  const svg_geometry& g = a.geometry;
  const int64_t blocks = blockCount(g);
  const int64_t blockWords = kBlock * g.head_dimension / Isa::kElementsPerWord;
  const svg_block_list& list = a.patterns[head] == SVG_PATTERN_TEMPORAL ? a.temporal : a.spatial;
  const float* q = static_cast<const float*>(a.packed_q) + (head * blocks + block) * blockWords;
  const float* k = static_cast<const float*>(a.packed_k) + head * blocks * blockWords;
  const float* v = static_cast<const float*>(a.packed_v) + head * blocks * blockWords;

  alignas(64) float maximum[kBlock];
  alignas(64) float sums[kBlock * Isa::kLanes];
  alignas(64) float output[kBlock * kMaxHeadDimension];
  const SoftmaxState<Isa> state = {maximum, sums, output};
  state.clear(g.head_dimension);

  const int rows = existingRows(g, block);
  if (rows > 0) {
    const int32_t first = list.row_offsets[block];
    const KeyBlocks keys = {list.entries + first,       list.row_offsets[block + 1] - first, k, v, blockWords, &g,
                            clampWidth(list.half_width)};
    if constexpr (Isa::kHasTiles) {
      attendTiles<Isa, NV>(rows, block * kBlock, q, keys, g.head_dimension, state);
    } else {
      attendKeyBlocks<Isa, NV>(groupsFor(rows), block * kBlock, q, keys, g.head_dimension, state);
    }
  }
  if (a.output_element == SVG_BFLOAT16) {
    writeRows<Isa, uint16_t>(a, head, block, state);
  } else {
    writeRows<Isa, float>(a, head, block, state);
  }
}

template <class Isa>
struct AttendTask {
  template <int NV>
  static void run(const svg_attend& a, int64_t task) {
    const int64_t blocks = blockCount(a.geometry);
    attendTask<Isa, NV>(a, task / blocks, task % blocks);
  }
};

template <class Isa>
inline void attendTask(const svg_attend& a, int64_t task) {
  withValueVectors<Isa, AttendTask<Isa>>(a.geometry.head_dimension, a, task);
}

} // namespace
