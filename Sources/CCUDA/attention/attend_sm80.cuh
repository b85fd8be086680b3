// Block-sparse attention with warp products (sm_80 and newer): O = softmax(Q·Kᵀ·scale over the kept keys)·V, bfloat16,
// sums in float32. The tiles and lists are those of `attend_sm90.cu`.
//
// A block has one item: 128 query rows of a head. It walks the kept tiles in steps of 64 keys: copies of the next keys
// run under the softmax and P·V, copies of the values under Q·Kᵀ. A warp has 32 rows: with 16 each square of keys and
// values would be read twice as often. Measured on an H100, S = 119056, D = 128: 343 TFLOP/s dense, 360 at a density of
// 0.25 (260 with 16 rows for each warp); S = 45106, D = 64: 281 and 271.
#pragma once

#include "epilogue.cuh"
#include "softmax.cuh"
#include "warp_products.cuh"

#if !defined(HEAD_DIMENSION) || !defined(KERNEL)
#error "the file that includes this says HEAD_DIMENSION and the name of the KERNEL"
#endif
#ifndef STRIPS
#define STRIPS 2
#endif

constexpr int kDimension = HEAD_DIMENSION;
/// Strips of 16 rows of a warp.
constexpr int kStrips = STRIPS;
constexpr int kThreads = 32 * kTileRows / (16 * kStrips);
constexpr u32 kQueryBytes = kTileBytes<kDimension>;
constexpr u32 kStageBytes = kStepKeys * kDimension * 2;

extern "C" __global__ void __launch_bounds__(kThreads, 256 / kThreads)
    KERNEL(const __grid_constant__ AttendParameters p) {
  extern __shared__ __align__(1024) u8 memory[];
  const u32 queries = sharedAddress(memory), keys = queries + kQueryBytes, values = keys + kStageBytes;
  const Item item = findItem(p, blockIdx.x);
  const i32 steps = 2 * item.group.count;
  const i64 offset = headOffset<kDimension>(p.geometry, item.head);
  const u32* entries = p.entries + item.group.start;
  const u32 lane = threadIdx.x % 32;
  const u32 warpRow = threadIdx.x / 32 * (16 * kStrips);
  const i32 row = item.group.firstRow + static_cast<i32>(warpRow + lane / 4);
  const i32 halfWidth = p.halfWidth[item.tokenMajor];
  const auto tile = [&](const u8* tiles, i32 step) {
    return tiles + offset + static_cast<i64>(entries[step / 2] & kTileIndexMask) * kTileBytes<kDimension>;
  };

  const u32 leftRows = leftAddress<kTileRows>(queries, warpRow);
  const u32 keyRows = keysAddress(keys), valueRows = valuesAddress(values, 0);

  float output[kStrips][kDimension / 2];
  OnlineSoftmax<0> softmax[kStrips];
#pragma unroll
  for (int s = 0; s < kStrips; ++s) {
    softmax[s].reset();
#pragma unroll
    for (int i = 0; i < kDimension / 2; ++i)
      output[s][i] = 0.0f;
  }

  if (steps > 0) {
    const u8* source = p.queries + offset + static_cast<i64>(item.group.firstRow / kTileRows) * kTileBytes<kDimension>;
    for (u32 at = threadIdx.x * 16; at < kQueryBytes; at += kThreads * 16)
      copyAsync(queries + at, source + at);
    copyHalfTile<kDimension, kThreads>(keys, tile(p.keys, 0), 0);
    commitCopies();
  }
#pragma unroll 1
  for (i32 step = 0; step < steps; ++step) {
    waitForCopies<0>();
    __syncthreads();
    copyHalfTile<kDimension, kThreads>(values, tile(p.values, step), step % 2);
    commitCopies();
    float scores[kStrips][32];
    multiplyKeys<kDimension, kTileRows, kStrips, kStepKeys>(scores, leftRows, keyRows);
    __syncthreads();
    if (step + 1 < steps)
      copyHalfTile<kDimension, kThreads>(keys, tile(p.keys, step + 1), (step + 1) % 2);
    commitCopies();

    const u32 entry = entries[step / 2];
    u32 pairs[kStrips][16];
#pragma unroll
    for (int s = 0; s < kStrips; ++s) {
      if (entry & ~kTileIndexMask) {
        maskScores(scores[s], p.geometry, entry, row + 16 * s, step % 2 * kStepKeys + static_cast<i32>(lane % 4 * 2),
                   halfWidth);
      }
      float factor[2];
      if (softmax[s].exponentiate(scores[s], 1.0f, factor))
        rescale(output[s], factor);
      packPairs(scores[s], pairs[s]);
    }
    waitForCopies<1>();
    __syncthreads();
#pragma unroll
    for (int k = 0; k < kStepKeys / 16; ++k) {
#pragma unroll
      for (int n = 0; n < kDimension / 16; ++n) {
        u32 b[4];
        loadValues(b, valueRows, k, n);
#pragma unroll
        for (int s = 0; s < kStrips; ++s) {
          multiply(&output[s][8 * n], &pairs[s][4 * k], b[0], b[1]);
          multiply(&output[s][8 * n + 4], &pairs[s][4 * k], b[2], b[3]);
        }
      }
    }
  }

  const i64 stride = static_cast<i64>(p.geometry.heads) * kDimension;
#pragma unroll
  for (int s = 0; s < kStrips; ++s) {
    float inverse[2] = {0.0f, 0.0f};
    if (steps > 0) {
      inverse[0] = 1.0f / softmax[s].wholeSum(0);
      inverse[1] = 1.0f / softmax[s].wholeSum(1);
    }
    // The pattern is read again: a register that keeps it would be one too many for the loop.
    storeRows(output[s], inverse, p.geometry, row + 16 * s, 0x7FFFFFFF, isTokenMajor(p.patterns, item.head),
              p.output + item.head * kDimension, stride);
  }
}
