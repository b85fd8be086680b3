#pragma once

#include "ptx/types.cuh"

/// Where tokens lie, in the sequence and in packed order: the video in a head's own order, whole blocks or tiles, then
/// the text, whole blocks or tiles.
struct Geometry {
  i32 heads, dimension;
  i32 frames, tokensPerFrame, videoTokens;
  i32 textTokens, validText;
  /// The first row of each kind in the sequence.
  i32 videoStart, textStart;
  /// Rows of the whole packed order, and of its video part.
  i32 rows, videoRows;
};

/// Which heads are token-major ("temporal"): `[H]`, 1 or 0. In memory, because profiling writes it there.
using Patterns = const i32*;

__device__ __forceinline__ bool isTokenMajor(Patterns patterns, i32 head) {
  return patterns[head] != 0;
}

/// The token-major index of a frame-major one.
__device__ __forceinline__ i32 tokenMajor(const Geometry& g, i32 token) {
  const u32 frame = static_cast<u32>(token) / static_cast<u32>(g.tokensPerFrame);
  return (token - static_cast<i32>(frame) * g.tokensPerFrame) * g.frames + static_cast<i32>(frame);
}

/// The frame-major index of a token-major one.
__device__ __forceinline__ i32 frameMajor(const Geometry& g, i32 token) {
  const u32 place = static_cast<u32>(token) / static_cast<u32>(g.frames);
  return (token - static_cast<i32>(place) * g.frames) * g.tokensPerFrame + static_cast<i32>(place);
}

/// Whether a packed row is a token, neither padded text nor the end of a block or tile.
__device__ __forceinline__ bool exists(const Geometry& g, i32 row) {
  return row < g.videoRows ? row < g.videoTokens : row - g.videoRows < g.validText;
}

/// Rows of one kind of token, and what is done to them.
struct Segment {
  /// `[n, 3·H·D]`.
  const u16* packed;
  /// `[D]`, or null.
  const float* queryWeight;
  const float* queryBias;
  const float* keyWeight;
  const float* keyBias;
  /// `[n, D/2]`, or null.
  const float* cosine;
  const float* sine;
  /// 0 none, 1 layer, 2 root mean square.
  i32 norm;
  float epsilon;
};
