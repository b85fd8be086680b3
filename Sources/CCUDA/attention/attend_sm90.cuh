// Block-sparse attention for Hopper (sm_90a): O = softmax(Q·Kᵀ·scale over the kept keys)·V, bfloat16, sums in float32.
//
// One block for each multiprocessor. Its producer thread fetches items (a group of query rows of a head) from a
// counter and copies tiles of 128 keys, 32 KB at D = 128, to shared memory as they lie in global memory. The consumers,
// warpgroups of 64 query rows each, two at D = 128 and three at D = 64, overlap Q·Kᵀ of a tile with P·V of the one
// before (FlashAttention-3, arXiv:2407.08608); P stays in registers. Stages are unrolled, so that descriptors are
// constants. Only tiles that the list marks are masked, element by element. Rows go straight to their place in
// `[S, H·D]`.
//
// 4·D·128 operations for each query row and tile; reads each kept tile of keys and values once for each group, most of
// it from the second-level cache. Measured on an H100 (SXM, 80 GB), S = 119056, D = 128: 645-652 TFLOP/s from dense to
// a density of 0.17; S = 45106, D = 64: 528-550. Turns of the warpgroups with named barriers (PING_PONG) change less
// than 1 %.
#pragma once

#include "epilogue.cuh"
#include "pipeline.cuh"
#include "ptx/wgmma.cuh"
#include "softmax.cuh"

#if !defined(HEAD_DIMENSION) || !defined(KERNEL)
#error "the file that includes this says HEAD_DIMENSION and the name of the KERNEL"
#endif
// Stages of keys and of values.
#ifndef STAGES
#define STAGES (HEAD_DIMENSION == 128 ? 2 : 4)
#endif
#ifndef PING_PONG
#define PING_PONG 0
#endif

constexpr int kDimension = HEAD_DIMENSION;
constexpr int kWarpgroups = kDimension == 128 ? 2 : 3;
constexpr int kThreads = 128 * (kWarpgroups + 1);
constexpr int kQueryRows = 64 * kWarpgroups;
constexpr int kStages = STAGES;
constexpr int kProducerRegisters = kWarpgroups == 2 ? 40 : 32;
constexpr int kConsumerRegisters = kWarpgroups == 2 ? 232 : 160;
using Shared = PipelineLayout<kDimension, kQueryRows, kStages>;

/// Where the tile of an entry lies within its head.
__device__ __forceinline__ i64 tileOffset(u32 entry) {
  return static_cast<i64>(entry & kTileIndexMask) * kTileBytes<kDimension>;
}

/// One thread fetches items, and copies their tiles as fast as the stages get free.
__device__ __forceinline__ void produce(const AttendParameters& p, u32 shared) {
  const u32 items = static_cast<u32>(p.geometry.heads * p.groups);
  Parity emptyKeys(1), emptyValues(1), emptyQueries(1), emptyItems(1);
  for (u32 turn = 0;; ++turn) {
    const u32 index = atomicAdd(p.counter, 1u);
    const u32 slot = turn % 2;
    waitFor(Shared::emptyItem(shared, slot), emptyItems.flip(slot));
    storeShared(Shared::item(shared, slot), index);
    arrive(Shared::fullItem(shared, slot));
    if (index >= items) {
      // Each block asks once in vain; the last to ask makes the counter ready for the next launch.
      if (index == items + gridDim.x - 1)
        *p.counter = 0;
      return;
    }
    const Item item = findItem(p, index);
    const i64 offset = headOffset<kDimension>(p.geometry, item.head);
    const u32* entries = p.entries + item.group.start;

    const auto loadKeys = [&](u32 entry, u32 stage) {
      waitFor(Shared::emptyKeys(shared, stage), emptyKeys.flip(stage));
      storeShared(Shared::entry(shared, stage), entry);
      arriveExpecting(Shared::fullKeys(shared, stage), kTileBytes<kDimension>);
      copyBulk(Shared::keys(shared, stage), p.keys + offset + tileOffset(entry), kTileBytes<kDimension>,
               Shared::fullKeys(shared, stage));
    };
    const auto loadValues = [&](u32 entry, u32 stage) {
      waitFor(Shared::emptyValues(shared, stage), emptyValues.flip(stage));
      arriveExpecting(Shared::fullValues(shared, stage), kTileBytes<kDimension>);
      copyBulk(Shared::values(shared, stage), p.values + offset + tileOffset(entry), kTileBytes<kDimension>,
               Shared::fullValues(shared, stage));
    };
    if (item.group.count == 0)
      continue;
    u32 entry = entries[0];
    loadKeys(entry, 0);
    waitFor(Shared::emptyQueries(shared), emptyQueries.flip(0));
    arriveExpecting(Shared::fullQueries(shared), kQueryRows * kDimension * 2);
    if constexpr (kDimension == 64) {
      // One chunk: rows follow one another across tiles.
      const i32 left = p.geometry.rows - item.group.firstRow;
      const u32 rows = left < kQueryRows ? static_cast<u32>(left) : kQueryRows;
      copyBulk(Shared::queries(shared), p.queries + offset + static_cast<i64>(item.group.firstRow) * 128, rows * 128,
               Shared::fullQueries(shared));
      if (rows < kQueryRows) // the rest of the group: any rows that exist
        copyBulk(Shared::queries(shared) + rows * 128, p.queries + offset, (kQueryRows - rows) * 128,
                 Shared::fullQueries(shared));
    } else {
      copyBulk(Shared::queries(shared), p.queries + offset + static_cast<i64>(item.group.firstRow) * 256,
               kQueryRows * kDimension * 2, Shared::fullQueries(shared));
    }
    u32 stage = 0;
#pragma unroll 1
    for (i32 n = 1; n < item.group.count; ++n) {
      const u32 next = entries[n];
      const u32 nextStage = stage + 1 == kStages ? 0 : stage + 1;
      loadKeys(next, nextStage);
      loadValues(entry, stage);
      entry = next;
      stage = nextStage;
    }
    loadValues(entry, stage);
  }
}

/// S = Q·Kᵀ of a warpgroup's 64 rows and one tile.
__device__ __forceinline__ void multiplyKeys(float (&scores)[64], u64 queries, u64 keys) {
#pragma unroll
  for (int k = 0; k < kDimension / 16; ++k) {
    const u32 column = k % 4 * 32;
    multiplyShared(scores, advance(queries, k / 4 * (kQueryRows * 128) + column),
                   advance(keys, k / 4 * kChunkBytes + column), k != 0);
  }
}

/// O += P·V, or O = P·V for the first tile.
__device__ __forceinline__ void multiplyValues(float (&output)[kDimension / 2], const u32 (&pairs)[32], u64 values,
                                               bool accumulate) {
#pragma unroll
  for (int k = 0; k < kTileRows / 16; ++k) {
    multiplyRegisters(output, pairs[4 * k], pairs[4 * k + 1], pairs[4 * k + 2], pairs[4 * k + 3],
                      advance(values, k * 2048), accumulate || k != 0);
  }
}

/// The warpgroups take turns with the tensor cores: while one multiplies, the others exponentiate.
struct Turns {
  u32 warpgroup;
  __device__ __forceinline__ void await() const {
    if (PING_PONG)
      syncNamed(1 + warpgroup, 256);
  }
  __device__ __forceinline__ void pass() const {
    if (PING_PONG)
      arriveNamed(1 + (warpgroup + 1 == kWarpgroups ? 0 : warpgroup + 1), 256);
  }
};

__device__ __forceinline__ void consume(const AttendParameters& p, u32 shared) {
  const u32 items = static_cast<u32>(p.geometry.heads * p.groups);
  const u32 warpgroup = threadIdx.x / 128 - 1;
  const u32 lane = threadIdx.x % 32;
  const i32 rowInGroup = static_cast<i32>(warpgroup * 64 + threadIdx.x % 128 / 32 * 16 + lane / 4);
  const i32 firstColumn = static_cast<i32>(lane % 4 * 2);
  const i64 stride = static_cast<i64>(p.geometry.heads) * kDimension;
  const Turns turns{warpgroup};
  Parity fullKeys(0), fullValues(0), fullQueries(0), fullItems(0);
  const u64 queries = describe(Shared::queries(shared) + warpgroup * 64 * 128);

  if (warpgroup == 0)
    arriveNamed(1, 256);
  for (u32 turn = 0;; ++turn) {
    const u32 slot = turn % 2;
    waitFor(Shared::fullItem(shared, slot), fullItems.flip(slot));
    const u32 index = loadShared(Shared::item(shared, slot));
    __syncwarp();
    if (lane == 0)
      arrive(Shared::emptyItem(shared, slot));
    if (index >= items)
      return;
    const Item item = findItem(p, index);
    const i32 count = item.group.count;
    const i32 row = item.group.firstRow + rowInGroup;
    const i32 halfWidth = p.halfWidth[item.tokenMajor];

    float scores[64], output[kDimension / 2], factor[2];
    u32 pairs[32];
    OnlineSoftmax softmax;
    softmax.reset();
    float inverse[2] = {0.0f, 0.0f};
#pragma unroll
    for (int i = 0; i < kDimension / 2; ++i)
      output[i] = 0.0f;

    if (count > 0) {
      waitFor(Shared::fullQueries(shared), fullQueries.flip(0));
      waitFor(Shared::fullKeys(shared, 0), fullKeys.flip(0));
      u32 entry = loadShared(Shared::entry(shared, 0));
      fenceProducts();
      multiplyKeys(scores, queries, describe(Shared::keys(shared, 0)));
      commitProducts();
      waitForProducts<0>();
      pin(scores);
      release(Shared::emptyKeys(shared, 0), lane);
      if (entry & ~kTileIndexMask)
        maskScores(scores, p.geometry, entry, row, firstColumn, halfWidth);
      softmax.exponentiate(scores, p.scale, factor);
      packPairs(scores, pairs);

      for (i32 first = 1; first < count; first += kStages) {
#pragma unroll
        for (int u = 0; u < kStages; ++u) {
          if (first + u >= count)
            break;
          const u32 stage = (1 + u) % kStages, previous = u % kStages;
          waitFor(Shared::fullKeys(shared, stage), fullKeys.flip(stage));
          entry = loadShared(Shared::entry(shared, stage));
          turns.await();
          pin(scores);
          pin(output);
          pin(pairs);
          fenceProducts();
          multiplyKeys(scores, queries, describe(Shared::keys(shared, stage)));
          commitProducts();
          waitFor(Shared::fullValues(shared, previous), fullValues.flip(previous));
          multiplyValues(output, pairs, describe(Shared::values(shared, previous), kChunkBytes), true);
          commitProducts();
          turns.pass();
          waitForProducts<1>();
          pin(scores);
          release(Shared::emptyKeys(shared, stage), lane);
          if (entry & ~kTileIndexMask)
            maskScores(scores, p.geometry, entry, row, firstColumn, halfWidth);
          const bool grown = softmax.exponentiate(scores, p.scale, factor);
          waitForProducts<0>();
          pin(output);
          pin(pairs);
          release(Shared::emptyValues(shared, previous), lane);
          packPairs(scores, pairs);
          if (grown)
            rescale(output, factor);
        }
      }
      release(Shared::emptyQueries(shared), lane);
      const u32 last = static_cast<u32>(count - 1) % kStages;
      waitFor(Shared::fullValues(shared, last), fullValues.flip(last));
      pin(output);
      pin(pairs);
      fenceProducts();
      multiplyValues(output, pairs, describe(Shared::values(shared, last), kChunkBytes), true);
      commitProducts();
      inverse[0] = softmax.inverseSum(0);
      inverse[1] = softmax.inverseSum(1);
      waitForProducts<0>();
      pin(output);
      release(Shared::emptyValues(shared, last), lane);
    }
    // A group that begins in the video ends with it; the text has groups of its own.
    const i32 textRow = p.geometry.videoRows;
    const i32 lastRow = item.group.firstRow < textRow ? textRow : 0x7FFFFFFF;
    storeRows(output, inverse, p.geometry, row, lastRow, item.tokenMajor, p.output + item.head * kDimension, stride);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, 1) KERNEL(const __grid_constant__ AttendParameters p) {
  extern __shared__ __align__(1024) u8 memory[];
  const u32 shared = (sharedAddress(memory) + 1023) & ~1023u;
  if (threadIdx.x == 0)
    Shared::initialize(shared, 4 * kWarpgroups);
  __syncthreads();
  if (threadIdx.x < 128) {
    shrinkRegisters<kProducerRegisters>();
    if (threadIdx.x == 0)
      produce(p, shared);
  } else {
    growRegisters<kConsumerRegisters>();
    consume(p, shared);
  }
}
