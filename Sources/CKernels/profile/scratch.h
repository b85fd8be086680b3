#pragma once

#include "../common/geometry.h"

namespace {

/// The three attentions that are compared.
enum Variant { kAllKeys = 0, kSpatialBand = 1, kTemporalBand = 2 };
constexpr int kVariants = 3;

/// Vectors of float32 sums are given this many lanes, enough for every instruction set.
constexpr int kScratchLanes = 16;

/// One task's part of the scratch memory, in numbers of type `Real` (float; double in the scalar kernels).
template <class Real>
struct ProfileScratch {
  int64_t rows; // sampled rows, padded to whole blocks
  int64_t dimension;

  int64_t perVariant() const { return rows * (2 + kScratchLanes + dimension); }
  int64_t perTask() const { return kVariants * perVariant() + rows * dimension; }

  Real* base;

  Real* maximum(int v) const { return base + v * perVariant(); }
  Real* total(int v) const { return maximum(v) + rows; }
  Real* sums(int v) const { return total(v) + rows; }
  Real* output(int v) const { return sums(v) + rows * kScratchLanes; }
  Real* queries() const { return base + kVariants * perVariant(); }
};

template <class Real>
inline ProfileScratch<Real> profileScratch(const svg_profile& p, int64_t task) {
  ProfileScratch<Real> scratch = {blocksFor(p.row_count) * kBlock, p.projection.geometry.head_dimension, nullptr};
  scratch.base = static_cast<Real*>(p.scratch) + task * scratch.perTask();
  return scratch;
}

/// Index of a frame-major video token in token-major order.
inline int32_t tokenMajorIndex(const svg_geometry& g, int64_t frameMajor) {
  return static_cast<int32_t>(frameMajor % g.tokens_per_frame * g.frames + frameMajor / g.tokens_per_frame);
}

/// The key blocks of a split: video blocks in frame-major order, then text blocks.
inline int64_t firstBlockOfSplit(const svg_profile& p, int64_t split) {
  return blockCount(p.projection.geometry) * split / p.split_count;
}

} // namespace
