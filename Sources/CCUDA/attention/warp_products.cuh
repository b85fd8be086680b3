#pragma once

#include "parameters.cuh"
#include "ptx/memory.cuh"
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

// Squares are named by the address of a lane's row in the first of them. The swizzle turns steps along a row into
// exclusive ors, and steps of whole rows stay sums: one register serves a whole operand.

/// Where a lane's row of the left operands begins: 16 rows from `firstRow` on.
template <int kRows>
__device__ __forceinline__ u32 leftAddress(u32 stage, u32 firstRow) {
  const u32 lane = threadIdx.x % 32;
  return stage + stageOffset<kRows>(firstRow + lane % 16, lane / 16);
}

/// Where a lane's row of the keys begins.
__device__ __forceinline__ u32 keysAddress(u32 stage) {
  const u32 lane = threadIdx.x % 32;
  return stage + stageOffset<kStepKeys>(lane / 16 * 8 + lane % 8, lane / 8 % 2);
}

/// Where a lane's row of the values begins: columns from `8·firstPiece` on.
__device__ __forceinline__ u32 valuesAddress(u32 stage, u32 firstPiece) {
  const u32 lane = threadIdx.x % 32;
  return stage + stageOffset<kStepKeys>(lane % 16, firstPiece + lane / 16);
}

/// The address 16 columns further on, `step` times.
template <int kRows>
__device__ __forceinline__ u32 stepColumns(u32 address, u32 step) {
  return (address ^ step % 4 * 32) + step / 4 * (kRows * 128);
}

/// scores[16·kStrips, kKeys] = Q·Kᵀ for the rows of a warp.
/// - Parameter queries: ``leftAddress`` of the first strip.
/// - Parameter keys: ``keysAddress``.
template <int kDimension, int kRows, int kStrips, int kKeys>
__device__ __forceinline__ void multiplyKeys(float (&scores)[kStrips][kKeys / 2], u32 queries, u32 keys) {
#pragma unroll
  for (int s = 0; s < kStrips; ++s) {
#pragma unroll
    for (int i = 0; i < kKeys / 2; ++i)
      scores[s][i] = 0.0f;
  }
#pragma unroll
  for (int k = 0; k < kDimension / 16; ++k) {
    u32 a[kStrips][4];
#pragma unroll
    for (int s = 0; s < kStrips; ++s)
      loadSquares(a[s], stepColumns<kRows>(queries, k) + s * 16 * 128);
#pragma unroll
    for (int n = 0; n < kKeys / 16; ++n) {
      u32 b[4];
      loadSquares(b, stepColumns<kStepKeys>(keys, k) + n * 16 * 128);
#pragma unroll
      for (int s = 0; s < kStrips; ++s) {
        multiply(&scores[s][8 * n], a[s], b[0], b[1]);
        multiply(&scores[s][8 * n + 4], a[s], b[2], b[3]);
      }
    }
  }
}

/// The right operands of P·V: 16 keys, 16 columns.
/// - Parameter values: ``valuesAddress``.
__device__ __forceinline__ void loadValues(u32 (&b)[4], u32 values, u32 keyStep, u32 columnStep) {
  loadSquaresTransposed(b, stepColumns<kStepKeys>(values, columnStep) + keyStep * 16 * 128);
}
