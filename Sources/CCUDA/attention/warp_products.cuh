#pragma once

#include "parameters.cuh"
#include "ptx/mma.cuh"

// The two products of attention by warps, over half a tile of 64 keys in shared memory.

/// Keys of a step: half a tile.
constexpr int kStepKeys = 64;

/// Where 16 bytes lie in a stage of `kRows` rows: chunks of 64 columns, each with the swizzle of the tiles.
template <int kRows>
__device__ __forceinline__ u32 stageOffset(u32 row, u32 piece) {
  return piece / 8 * (kRows * 128) + row * 128 + ((piece % 8) ^ (row % 8)) * 16;
}

/// Copies half a tile to a stage: contiguous in each chunk.
template <int kDimension, int kThreads>
__device__ __forceinline__ void copyHalfTile(u32 stage, const u8* tile, i32 half) {
  constexpr int kChunkStep = kStepKeys * 128;
#pragma unroll
  for (int i = 0; i < kStepKeys * kDimension * 2 / 16 / kThreads; ++i) {
    const u32 at = (i * kThreads + threadIdx.x) * 16;
    copyAsync(stage + at, tile + at / kChunkStep * kChunkBytes + half * kChunkStep + at % kChunkStep);
  }
}

/// The left operand of one product: 16 rows and 16 columns from `piece` on.
template <int kRows>
__device__ __forceinline__ void loadLeft(u32 (&a)[4], u32 stage, u32 firstRow, u32 piece) {
  const u32 lane = threadIdx.x % 32;
  loadSquares(a, stage + stageOffset<kRows>(firstRow + lane % 16, piece + lane / 16));
}

/// scores[16·kStrips, 64] = Q·Kᵀ for the rows of a warp from `firstRow` on.
template <int kDimension, int kRows, int kStrips>
__device__ __forceinline__ void multiplyKeys(float (&scores)[kStrips][32], u32 queries, u32 firstRow, u32 keys) {
  const u32 lane = threadIdx.x % 32;
#pragma unroll
  for (int s = 0; s < kStrips; ++s) {
#pragma unroll
    for (int i = 0; i < 32; ++i)
      scores[s][i] = 0.0f;
  }
#pragma unroll
  for (int k = 0; k < kDimension / 16; ++k) {
    u32 a[kStrips][4];
#pragma unroll
    for (int s = 0; s < kStrips; ++s)
      loadLeft<kRows>(a[s], queries, firstRow + 16 * s, 2 * k);
#pragma unroll
    for (int n = 0; n < kStepKeys / 16; ++n) {
      u32 b[4];
      loadSquares(b, keys + stageOffset<kStepKeys>(16 * n + lane / 16 * 8 + lane % 8, 2 * k + lane / 8 % 2));
#pragma unroll
      for (int s = 0; s < kStrips; ++s) {
        multiply(&scores[s][8 * n], a[s], b[0], b[1]);
        multiply(&scores[s][8 * n + 4], a[s], b[2], b[3]);
      }
    }
  }
}

/// The right operands of P·V: 16 keys from `firstKey` on, 16 columns from `piece` on.
__device__ __forceinline__ void loadValues(u32 (&b)[4], u32 values, u32 firstKey, u32 piece) {
  const u32 lane = threadIdx.x % 32;
  loadSquaresTransposed(b, values + stageOffset<kStepKeys>(firstKey + lane % 16, piece + lane / 16));
}
