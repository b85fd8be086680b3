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
  int64_t perTask() const { return kVariants * perVariant() + rows * (dimension + 2); }

  Real* base;

  Real* maximum(int v) const { return base + v * perVariant(); }
  Real* total(int v) const { return maximum(v) + rows; }
  Real* sums(int v) const { return total(v) + rows; }
  Real* output(int v) const { return sums(v) + rows * kScratchLanes; }
  Real* queries() const { return base + kVariants * perVariant(); }
  /// Where the sampled rows are in frame-major and in token-major order; padding is where the last row is.
  int32_t* frameMajor() const { return reinterpret_cast<int32_t*>(queries() + rows * dimension); }
  int32_t* tokenMajor() const { return frameMajor() + rows; }
};

template <class Real>
inline ProfileScratch<Real> profileScratch(const svg_profile& p, int64_t task) {
  ProfileScratch<Real> scratch = {blocksFor(p.row_count) * kBlock, p.projection.geometry.head_dimension, nullptr};
  scratch.base = static_cast<Real*>(p.scratch) + task * scratch.perTask();
  return scratch;
}

/// A video token in both orders: its index is frame-major, `position()` token-major.
struct TokenWalk {
  int64_t frames, tokensPerFrame, frame, place;

  TokenWalk(const svg_geometry& g, int64_t index)
      : frames(g.frames), tokensPerFrame(g.tokens_per_frame), frame(index / tokensPerFrame),
        place(index % tokensPerFrame) {}

  int32_t position() const { return static_cast<int32_t>(place * frames + frame); }

  void advance() {
    if (++place == tokensPerFrame) {
      place = 0;
      ++frame;
    }
  }
};

/// Index of a frame-major video token in token-major order.
inline int32_t tokenMajorIndex(const svg_geometry& g, int64_t frameMajor) {
  return TokenWalk(g, frameMajor).position();
}

/// The key blocks of a split: video blocks in frame-major order, then text blocks.
inline int64_t firstBlockOfSplit(const svg_profile& p, int64_t split) {
  return blockCount(p.projection.geometry) * split / p.split_count;
}

} // namespace
