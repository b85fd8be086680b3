// QK-norm, rotary embedding, placement and tiling of queries, keys and values in one pass.
//
// For each token and head: q and k become ((x − mean)·(variance + ε)^-½·weight + bias), or the same without the mean,
// and are rotated in pairs, q is multiplied by a factor; v is copied. Statistics and rotation are float32, one rounding
// to bfloat16 at the end. Reads `[n, 3·H·D]` bfloat16 rows of text and of video, writes `[3, H, rows, D]` as tiles (see
// `parameters.cuh`); rows that do not exist are zero. Moves 12·H·D bytes for each token, and the rotation tables once.
#pragma once

#include "parameters.cuh"
#include "ptx/convert.cuh"
#include "ptx/memory.cuh"

#if !defined(HEAD_DIMENSION) || !defined(KERNEL)
#error "the file that includes this says HEAD_DIMENSION and the name of the KERNEL"
#endif

constexpr int kDimension = HEAD_DIMENSION;
/// A thread holds 8 elements of a row.
constexpr int kRowThreads = kDimension / 8;
constexpr int kThreads = 256;
/// Blocks of a multiprocessor: what keeps enough bytes under way.
#ifndef BLOCKS
#define BLOCKS 3
#endif
/// Rows that a block holds: some tokens times some heads.
constexpr int kBlockRows = kThreads / kRowThreads;

struct PrepareParameters {
  Geometry geometry;
  Patterns patterns;
  Segment video, text;
  /// Tiles of queries, then keys, then values.
  u8* output;
  /// Heads that a block holds, a divisor of `kBlockRows`: then come the next ones.
  i32 headsAtOnce;
  /// What queries are multiplied by: the factor of the scores times log₂ e, so that scores are exponents of two.
  float queryFactor;
};

struct Eight {
  float x[8];
};

__device__ __forceinline__ Eight unpack(const Quad& q) {
  return {{lowBFloat16(q.x), highBFloat16(q.x), lowBFloat16(q.y), highBFloat16(q.y), lowBFloat16(q.z),
           highBFloat16(q.z), lowBFloat16(q.w), highBFloat16(q.w)}};
}

__device__ __forceinline__ Quad pack(const Eight& e) {
  return {packBFloat16(e.x[0], e.x[1]), packBFloat16(e.x[2], e.x[3]), packBFloat16(e.x[4], e.x[5]),
          packBFloat16(e.x[6], e.x[7])};
}

/// What a segment's queries and keys are multiplied by and moved by, in shared memory: in registers it would cost half
/// of the threads.
struct NormVectors {
  float queryWeight[kDimension], queryBias[kDimension], keyWeight[kDimension], keyBias[kDimension];
};

/// Fills the vectors, with ones and zeros where there are none; then the block must meet.
__device__ __forceinline__ void load(NormVectors& vectors, const Segment& segment) {
  const i32 i = static_cast<i32>(threadIdx.x);
  if (i < kDimension) {
    vectors.queryWeight[i] = segment.queryWeight == nullptr ? 1.0f : segment.queryWeight[i];
    vectors.queryBias[i] = segment.queryBias == nullptr ? 0.0f : segment.queryBias[i];
    vectors.keyWeight[i] = segment.keyWeight == nullptr ? 1.0f : segment.keyWeight[i];
    vectors.keyBias[i] = segment.keyBias == nullptr ? 0.0f : segment.keyBias[i];
  }
}

/// The sum over the threads of a row.
__device__ __forceinline__ float rowSum(float x) {
#pragma unroll
  for (int mask = 1; mask < kRowThreads; mask *= 2)
    x += __shfl_xor_sync(0xFFFFFFFFu, x, mask);
  return x;
}

/// Normalizes a row and rotates its pairs.
__device__ __forceinline__ void transform(Eight& e, i32 norm, float epsilon, const float* weight, const float* bias,
                                          const Eight& turn) {
  if (norm != 0) {
    float mean = 0.0f;
    if (norm == 1) {
#pragma unroll
      for (int i = 0; i < 8; ++i)
        mean += e.x[i];
      mean = rowSum(mean) * (1.0f / kDimension);
    }
    float squares = 0.0f;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      e.x[i] -= mean;
      squares = fmaf(e.x[i], e.x[i], squares);
    }
    const float factor = rsqrtf(rowSum(squares) * (1.0f / kDimension) + epsilon);
#pragma unroll
    for (int i = 0; i < 8; ++i)
      e.x[i] = fmaf(e.x[i] * factor, weight[i], bias[i]);
  }
#pragma unroll
  for (int pair = 0; pair < 4; ++pair) {
    const float cosine = turn.x[pair], sine = turn.x[4 + pair];
    const float first = e.x[2 * pair], second = e.x[2 * pair + 1];
    e.x[2 * pair] = first * cosine - second * sine;
    e.x[2 * pair + 1] = second * cosine + first * sine;
  }
}

/// Grid: groups of `kBlockRows / headsAtOnce` tokens in frame-major packed order.
extern "C" __global__ void __launch_bounds__(kThreads, BLOCKS) KERNEL(const __grid_constant__ PrepareParameters p) {
  const Geometry& g = p.geometry;
  const i32 blockRow = static_cast<i32>(threadIdx.x) / kRowThreads;
  const i32 piece = static_cast<i32>(threadIdx.x) % kRowThreads;
  const i32 row = static_cast<i32>(blockIdx.x) * (kBlockRows / p.headsAtOnce) + blockRow / p.headsAtOnce;
  const i32 firstHead = blockRow % p.headsAtOnce;
  // Text and video begin on tiles, so that a block has tokens of one kind.
  const bool isVideo = row < g.videoRows;
  const Segment& segment = isVideo ? p.video : p.text;
  const i32 token = isVideo ? row : row - g.videoRows;
  const bool exists = token < (isVideo ? g.videoTokens : g.validText);
  const i32 tokenMajorRow = isVideo && exists ? token % g.tokensPerFrame * g.frames + token / g.tokensPerFrame : row;

  __shared__ __align__(16) NormVectors vectors;
  load(vectors, segment);
  __syncthreads();
  Eight turn{{1, 1, 1, 1, 0, 0, 0, 0}};
  if (exists && segment.cosine != nullptr) {
#pragma unroll
    for (int pair = 0; pair < 4; ++pair) {
      turn.x[pair] = segment.cosine[static_cast<i64>(token) * (kDimension / 2) + 4 * piece + pair];
      turn.x[4 + pair] = segment.sine[static_cast<i64>(token) * (kDimension / 2) + 4 * piece + pair];
    }
  }
  const i64 width = static_cast<i64>(g.heads) * kDimension;
  const u16* source = segment.packed + static_cast<i64>(token) * 3 * width + 8 * piece;
  const i64 part = headOffset<kDimension>(g, g.heads);
  const i64 place = pieceOffset<kDimension>(row, piece);
  const i64 tokenMajorPlace = pieceOffset<kDimension>(tokenMajorRow, piece);

  struct Parts {
    Quad query, key, value;
  };
  const auto loadHead = [&](i32 head) {
    Parts parts{};
    if (exists && head < g.heads) {
      parts.query = loadQuad(source + head * kDimension);
      parts.key = loadQuad(source + width + head * kDimension);
      parts.value = loadQuad(source + 2 * width + head * kDimension);
    }
    return parts;
  };
  // The compiler moves no load before a store that may meet it, so the next head is asked for by hand.
  Parts next = loadHead(firstHead);
  // Sums over a row need every thread of a warp, those without a head too.
  for (i32 past = 0; past < g.heads; past += p.headsAtOnce) {
    const i32 head = past + firstHead;
    const Parts parts = next;
    next = loadHead(head + p.headsAtOnce);
    Eight q = unpack(parts.query), k = unpack(parts.key);
    transform(q, segment.norm, segment.epsilon, vectors.queryWeight + 8 * piece, vectors.queryBias + 8 * piece, turn);
#pragma unroll
    for (int i = 0; i < 8; ++i)
      q.x[i] *= p.queryFactor;
    transform(k, segment.norm, segment.epsilon, vectors.keyWeight + 8 * piece, vectors.keyBias + 8 * piece, turn);
    if (head >= g.heads)
      continue;
    const Quad zero{0, 0, 0, 0};
    u8* target =
        p.output + headOffset<kDimension>(g, head) + (isTokenMajor(p.patterns, head) ? tokenMajorPlace : place);
    *reinterpret_cast<Quad*>(target) = exists ? pack(q) : zero;
    *reinterpret_cast<Quad*>(target + part) = exists ? pack(k) : zero;
    *reinterpret_cast<Quad*>(target + 2 * part) = parts.value;
  }
}
