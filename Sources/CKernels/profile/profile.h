#pragma once

#include "scratch.h"
#include "tiles.h"

/// The sampled rows of one head against one part of its keys, three masks at once.
///
/// Keys and values are read once, from the raw projection, and packed into the cache block by block; the three variants
/// share the scores. 2·(1 + kept variants)·64·64·D FLOPs per block of 64 rows and 64 keys.

namespace {

/// Positions of a block of rows or keys in both orders.
struct Positions {
  int32_t frameMajor[kBlock];
  int32_t tokenMajor[kBlock];

  void fill(const svg_geometry& g, const int32_t* index, int count) {
    for (int i = 0; i < kBlock; ++i) {
      frameMajor[i] = i < count ? index[i] : 0;
      tokenMajor[i] = tokenMajorIndex(g, frameMajor[i]);
    }
  }
};

template <class Isa, class Element>
inline void packSampledRows(const svg_profile& p, int64_t head, float* queries) {
  const svg_geometry& g = p.projection.geometry;
  const svg_segment& video = p.projection.video;
  const int64_t blockWords = kBlock * g.head_dimension / Isa::kElementsPerWord;
  const RowRecipe recipe = queryRecipe(video, g.head_dimension, static_cast<float>(p.softmax_scale * kLog2E));
  BlockRows rows;
  for (int64_t first = 0; first < p.row_count; first += kBlock) {
    rows.count = static_cast<int>(p.row_count - first < kBlock ? p.row_count - first : kBlock);
    memcpy(rows.index, p.rows + first, rows.count * sizeof(int32_t));
    packQueries<Isa>(headColumn<Element>(g, video, kQuery, head), video.row_stride, rows, recipe,
                     queries + first / kBlock * blockWords);
  }
}

template <class Isa, class Element>
inline void packKeyBlock(const svg_projection& p, int64_t head, const BlockRows& rows, float* keys, float* values) {
  const svg_geometry& g = p.geometry;
  const svg_segment& s = *rows.segment;
  packKeys<Isa>(headColumn<Element>(g, s, kKey, head), s.row_stride, rows, keyRecipe(s, g.head_dimension), keys);
  packValues<Isa>(headColumn<Element>(g, s, kValue, head), s.row_stride, rows, g.head_dimension, values);
}

/// Updates the three variants of 64 sampled rows with one key block.
template <class Isa, int NV>
inline void profileKeyBlock(int groups, const float* q, const float* keys, const float* values, int64_t dimension,
                            const KeyMask (&masks)[kVariants], const SoftmaxState<Isa> (&states)[kVariants]) {
  alignas(64) float scores[kBlock * kBlock];
  alignas(64) float masked[kBlock * kBlock];
  alignas(64) float weights[kBlock * kBlock];
  scoreBlock<Isa>(groups, q, keys, dimension / Isa::kElementsPerWord, scores);
  for (int group = 0; group < groups; ++group) {
    for (int v = 0; v < kVariants; ++v) {
      if (maskRows<Isa>(masks[v], group * kTileRows, rowsOfGroup(group), scores, masked)) {
        applyGroup<Isa, NV>(group, masked, weights, values, dimension, states[v]);
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
  const int64_t chunks = scratch.rows / kBlock;
  for (int v = 0; v < kVariants; ++v) {
    for (int64_t chunk = 0; chunk < chunks; ++chunk)
      stateOf<Isa>(scratch, v, chunk).clear(d);
  }

  alignas(64) float keys[kBlock * kMaxHeadDimension];
  alignas(64) float values[kBlock * kMaxHeadDimension];
  Positions rowPositions, keyPositions;
  BlockRows rows;
  const int64_t end = firstBlockOfSplit(p, split + 1);
  for (int64_t block = firstBlockOfSplit(p, split); block < end; ++block) {
    findRows(p.projection, SVG_PATTERN_SPATIAL, block, rows);
    if (rows.count == 0)
      continue;
    if (bfloat16) {
      packKeyBlock<Isa, uint16_t>(p.projection, head, rows, keys, values);
    } else {
      packKeyBlock<Isa, float>(p.projection, head, rows, keys, values);
    }
    const bool video = block < videoBlocks(g);
    if (video)
      keyPositions.fill(g, rows.index, rows.count);
    const int32_t spatialWidth = video ? clampWidth(p.spatial_half_width) : kEveryPair;
    const int32_t temporalWidth = video ? clampWidth(p.temporal_half_width) : kEveryPair;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t left = p.row_count - chunk * kBlock;
      const int count = static_cast<int>(left < kBlock ? left : kBlock);
      rowPositions.fill(g, p.rows + chunk * kBlock, count);
      const KeyMask masks[kVariants] = {
          {rowPositions.frameMajor, keyPositions.frameMajor, kEveryPair, rows.count},
          {rowPositions.frameMajor, keyPositions.frameMajor, spatialWidth, rows.count},
          {rowPositions.tokenMajor, keyPositions.tokenMajor, temporalWidth, rows.count},
      };
      const SoftmaxState<Isa> states[kVariants] = {stateOf<Isa>(scratch, kAllKeys, chunk),
                                                   stateOf<Isa>(scratch, kSpatialBand, chunk),
                                                   stateOf<Isa>(scratch, kTemporalBand, chunk)};
      const float* queries = scratch.queries() + chunk * blockWords;
      if constexpr (Isa::kHasTiles) {
        profileTiles<Isa, NV>(count, queries, keys, values, d, masks, states);
      } else {
        profileKeyBlock<Isa, NV>(groupsFor(count), queries, keys, values, d, masks, states);
      }
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
