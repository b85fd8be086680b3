#pragma once

#include "../include/svg_attention.h"

namespace {

constexpr int kBlock = SVG_BLOCK_ROWS;
constexpr int kMaxHeadDimension = 256;

/// What folds the change from e to 2 as the base of the softmax into the scale of the scores.
constexpr double kLog2E = 1.4426950408889634;

inline int64_t blocksFor(int64_t rows) {
  return (rows + kBlock - 1) / kBlock;
}

inline int64_t videoTokens(const svg_geometry& g) {
  return g.frames * g.tokens_per_frame;
}

inline int64_t videoBlocks(const svg_geometry& g) {
  return blocksFor(videoTokens(g));
}

inline int64_t blockCount(const svg_geometry& g) {
  return videoBlocks(g) + blocksFor(g.text_tokens);
}

/// How many keys of a packed block exist: all but the padding of the video part, and the padded text.
inline int existingRows(const svg_geometry& g, int64_t block) {
  const int64_t video = videoBlocks(g);
  const int64_t rows = block < video ? videoTokens(g) - block * kBlock : g.valid_text - (block - video) * kBlock;
  return static_cast<int>(rows < 0 ? 0 : rows > kBlock ? kBlock : rows);
}

/// Walks the video rows of a head in packed order and names each one's frame-major index.
struct VideoWalk {
  int64_t frames, tokensPerFrame;
  bool temporal;
  int64_t position, frame, place;

  VideoWalk(const svg_geometry& g, uint8_t pattern, int64_t first)
      : frames(g.frames), tokensPerFrame(g.tokens_per_frame), temporal(pattern == SVG_PATTERN_TEMPORAL),
        position(first), frame(first % g.frames), place(first / g.frames) {}

  int64_t frameMajorIndex() const { return temporal ? frame * tokensPerFrame + place : position; }

  void advance() {
    ++position;
    if (++frame == frames) {
      frame = 0;
      ++place;
    }
  }
};

/// The rows of one part of the sequence that a block holds, by their index in that part. Rows from `count` on are
/// padding, and their index is 0.
struct BlockRows {
  const svg_segment* segment;
  int count;
  int32_t index[kBlock];
};

/// The rows of packed block `block` of a head.
inline void findRows(const svg_projection& p, uint8_t pattern, int64_t block, BlockRows& rows) {
  const int64_t video = videoBlocks(p.geometry);
  rows.count = existingRows(p.geometry, block);
  rows.segment = block < video ? &p.video : &p.text;
  if (block < video) {
    VideoWalk walk(p.geometry, pattern, block * kBlock);
    for (int r = 0; r < rows.count; ++r, walk.advance())
      rows.index[r] = static_cast<int32_t>(walk.frameMajorIndex());
  } else {
    for (int r = 0; r < rows.count; ++r)
      rows.index[r] = static_cast<int32_t>((block - video) * kBlock + r);
  }
  for (int r = rows.count; r < kBlock; ++r)
    rows.index[r] = 0;
}

} // namespace
