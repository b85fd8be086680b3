#pragma once

#include "scratch.h"
#include "tiles.h"

/// The sampled rows of one head against one part of its keys, three masks at once.
///
/// Keys and values are read once, from the raw projection, and packed into the cache block by block; the three variants
/// share the scores. 2·(1 + kept variants)·64·64·D FLOPs per block of 64 rows and 64 keys.

namespace {

/// Positions of a block of keys in both orders. Those from `count` on have the position of the last one.
struct KeyPositions {
  int32_t frameMajor[kBlock];
  int32_t tokenMajor[kBlock];

  void fill(const svg_geometry& g, const BlockRows& rows) {
    TokenWalk walk(g, rows.index[0]);
    for (int i = 0; i < kBlock; ++i) {
      const int existing = i < rows.count ? i : rows.count - 1;
      frameMajor[i] = rows.index[existing];
      tokenMajor[i] = walk.position();
      if (i == existing && i + 1 < rows.count)
        walk.advance();
    }
  }
};

/// Where the sampled rows are.
inline void findSampledRows(const svg_profile& p, const ProfileScratch<float>& scratch) {
  for (int64_t r = 0; r < scratch.rows; ++r) {
    const int32_t row = p.rows[r < p.row_count ? r : p.row_count - 1];
    scratch.frameMajor()[r] = row;
    scratch.tokenMajor()[r] = tokenMajorIndex(p.projection.geometry, row);
  }
}

template <class Isa, class Element>
inline void packSampledRows(const svg_profile& p, int64_t head, float* queries) {
  const svg_geometry& g = p.projection.geometry;
  const svg_segment& video = p.projection.video;
  const int64_t blockWords = kBlock * g.head_dimension / Isa::kElementsPerWord;
  const RowRecipe recipe = queryRecipe(video, g.head_dimension, static_cast<float>(p.softmax_scale * kLog2E));
  BlockRows rows = {&video, 0, {}};
  for (int64_t first = 0; first < p.row_count; first += kBlock) {
    rows.count = static_cast<int>(p.row_count - first < kBlock ? p.row_count - first : kBlock);
    memcpy(rows.index, p.rows + first, rows.count * sizeof(int32_t));
    packQueries<Isa>(OperandRows<Element>(p.projection, rows, kQuery, head, {0, nullptr}), rows, recipe,
                     queries + first / kBlock * blockWords);
  }
}

template <class Isa, class Element>
inline void packKeyBlock(const svg_projection& p, int64_t head, const BlockRows& rows, float* keys, float* values) {
  const int64_t d = p.geometry.head_dimension, operand = p.geometry.heads * d;
  packKeys<Isa>(OperandRows<Element>(p, rows, kKey, head, {operand, nullptr}), rows, keyRecipe(*rows.segment, d), keys);
  packValues<Isa>(OperandRows<Element>(p, rows, kValue, head, {0, nullptr}), d, values);
}

/// What follows before key block `end`: the rows of video block `block` and of those behind it.
inline NextRows nextRows(const svg_projection& p, int64_t head, int64_t block, int64_t end) {
  if (block >= end || block >= videoBlocks(p.geometry))
    return {nullptr, 0, 0, 0};
  const int64_t element = p.element == SVG_BFLOAT16 ? 2 : 4, operand = p.geometry.heads * p.geometry.head_dimension;
  const int64_t first = block * kBlock * p.video.row_stride + kKey * operand + head * p.geometry.head_dimension;
  return {static_cast<const char*>(p.video.rows) + first * element, operand * element, p.video.row_stride * element,
          p.geometry.head_dimension * element};
}

/// Updates the three variants of 64 sampled rows with one key block.
template <class Isa, int NV>
inline void profileKeyBlock(int groups, const float* q, const KeyBlock& keys, int64_t dimension,
                            const SoftmaxState<Isa> (&states)[kVariants]) {
  alignas(64) float scores[kBlock * kBlock];
  alignas(64) float masked[kBlock * kBlock];
  alignas(64) float weights[kBlock * kBlock];
  scoreBlock<Isa>(groups, q, keys.keys, dimension / Isa::kElementsPerWord, scores);
  for (int group = 0; group < groups; ++group) {
    for (int v = 0; v < kVariants; ++v) {
      if (maskRows<Isa>(keys.masks[v], group * kTileRows, rowsOfGroup(group), scores, masked)) {
        applyGroup<Isa, NV>(group, masked, weights, keys.values, dimension, states[v]);
      }
    }
  }
}

template <class Isa>
inline SoftmaxState<Isa> stateOf(const ProfileScratch<float>& scratch, int variant, int64_t chunk) {
  const int64_t row = chunk * kBlock;
  return {scratch.maximum(variant) + row, scratch.sums(variant) + row * Isa::kLanes,
          scratch.output(variant) + row * scratch.dimension};
}

template <class Isa, int NV>
inline void profileTask(const svg_profile& p, int64_t task) {
  const svg_geometry& g = p.projection.geometry;
  const int64_t head = task / p.split_count, split = task % p.split_count;
  const int64_t d = g.head_dimension;
  const int64_t blockWords = kBlock * d / Isa::kElementsPerWord;
  const bool bfloat16 = p.projection.element == SVG_BFLOAT16;
  const ProfileScratch<float> scratch = profileScratch<float>(p, task);

  if (bfloat16) {
    packSampledRows<Isa, uint16_t>(p, head, scratch.queries());
  } else {
    packSampledRows<Isa, float>(p, head, scratch.queries());
  }
  findSampledRows(p, scratch);
  const int64_t chunks = scratch.rows / kBlock;
  for (int v = 0; v < kVariants; ++v) {
    for (int64_t chunk = 0; chunk < chunks; ++chunk)
      stateOf<Isa>(scratch, v, chunk).clear(d);
  }

  constexpr int kBlocks = Isa::kHasTiles ? kStepBlocks : 1;
  alignas(64) float keys[kBlocks][kBlock * kMaxHeadDimension / Isa::kElementsPerWord];
  alignas(64) float values[kBlocks][kBlock * kMaxHeadDimension / Isa::kElementsPerWord];
  KeyPositions positions[kBlocks];
  KeyStep step;
  BlockRows rows;
  const int64_t end = firstBlockOfSplit(p, split + 1);
  for (int64_t block = firstBlockOfSplit(p, split); block < end;) {
    int blocks = 0;
    for (; blocks < kBlocks && block < end; ++block) {
      findRows(p.projection, SVG_PATTERN_SPATIAL, block, rows);
      if (rows.count == 0)
        continue;
      if (bfloat16) {
        packKeyBlock<Isa, uint16_t>(p.projection, head, rows, keys[blocks], values[blocks]);
      } else {
        packKeyBlock<Isa, float>(p.projection, head, rows, keys[blocks], values[blocks]);
      }
      KeyPositions& at = positions[blocks];
      at.fill(g, rows);
      const bool video = block < videoBlocks(g);
      const int32_t spatialWidth = video ? clampWidth(p.spatial_half_width) : kEveryPair;
      const int32_t temporalWidth = video ? clampWidth(p.temporal_half_width) : kEveryPair;
      step.blocks[blocks] = {keys[blocks],
                             values[blocks],
                             {{scratch.frameMajor(), at.frameMajor, kEveryPair, rows.count},
                              {scratch.frameMajor(), at.frameMajor, spatialWidth, rows.count},
                              {scratch.tokenMajor(), at.tokenMajor, temporalWidth, rows.count}}};
      ++blocks;
    }
    if (blocks == 0)
      break;
    for (; blocks < kBlocks; ++blocks)
      step.blocks[blocks] = step.blocks[0].withoutKeys();
    step.next = nextRows(p.projection, head, block, end);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t left = p.row_count - chunk * kBlock;
      const int count = static_cast<int>(left < kBlock ? left : kBlock);
      const SoftmaxState<Isa> states[kVariants] = {stateOf<Isa>(scratch, kAllKeys, chunk),
                                                   stateOf<Isa>(scratch, kSpatialBand, chunk),
                                                   stateOf<Isa>(scratch, kTemporalBand, chunk)};
      const float* queries = scratch.queries() + chunk * blockWords;
      if constexpr (Isa::kHasTiles) {
        profileTiles<Isa, NV>(count, queries, step, d, states);
      } else {
        profileKeyBlock<Isa, NV>(groupsFor(count), queries, step.blocks[0], d, states);
      }
      for (int b = 0; b < kBlocks; ++b)
        step.blocks[b].advanceRows();
    }
  }
  for (int v = 0; v < kVariants; ++v) {
    for (int64_t r = 0; r < p.row_count; ++r) {
      scratch.total(v)[r] = Isa::sum(Isa::load(scratch.sums(v) + r * Isa::kLanes));
      if constexpr (Isa::kHasTiles) {
        if (v != kAllKeys && scratch.maximum(v)[r] == kKeptSome && scratch.total(v)[r] < kLeastTotal)
          scratch.total(v)[r] = kVanished;
        scratch.maximum(v)[r] = scratch.maximum(kAllKeys)[r];
      }
    }
  }
}

template <class Isa>
struct ProfileTask {
  template <int NV>
  static void run(const svg_profile& p, int64_t task) {
    profileTask<Isa, NV>(p, task);
  }
};

template <class Isa>
inline void profileTask(const svg_profile& p, int64_t task) {
  withValueVectors<Isa, ProfileTask<Isa>>(p.projection.geometry.head_dimension, p, task);
}

/// Columns of the panels that the outputs of a task are in.
template <class Isa>
inline int64_t profileColumns(int64_t dimension) {
  return valueVectors<Isa>(dimension) * Isa::kLanes;
}

} // namespace
