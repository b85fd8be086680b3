// Block-sparse attention for Hopper (sm_90a): O = softmax(Q·Kᵀ·scale over the kept keys)·V, bfloat16, sums in float32.
//
// One block for each multiprocessor. Its producer thread fetches items (a group of query rows of a head) from a
// counter and copies tiles of 128 keys, 32 KB at D = 128, to shared memory as they lie in global memory. The consumers,
// warpgroups of 64 query rows each, two at D = 128 and three at D = 64, overlap Q·Kᵀ of a tile with P·V of the one
// before (FlashAttention-3, arXiv:2407.08608); P stays in registers. Stages are unrolled, so that descriptors are
// constants. Only tiles that the list marks are masked, element by element. Rows go straight to their place in
// `[S, H·D]`.
//
// The power that the card may take limits these kernels, so what counts is every instruction, and seeking the largest
// score of each row is a quarter of them. A first kernel does without (see `quick_softmax.cuh`), and lists the items
// with a row whose sum says that it should not have; a second one attends those again, with the usual softmax. It is
// launched always and finds nothing to do unless scores are far above those of normalized queries and keys.
//
// 4·D·128 operations for each query row and tile; reads each kept tile of keys and values once for each group, most of
// it from the second-level cache.
#pragma once

#include "epilogue.cuh"
#include "pipeline.cuh"
#include "ptx/wgmma.cuh"
#include "quick_softmax.cuh"
#include "softmax.cuh"

/// What the producer says instead of an item when there are no more.
constexpr u32 kNoItem = 0xFFFFFFFF;

template <int kDimension, template <int, int> class ProductsOf, int kStages>
struct HopperAttention {
  static constexpr int kWarpgroups = kDimension == 128 ? 2 : 3;
  static constexpr int kConsumers = 128 * kWarpgroups;
  static constexpr int kThreads = kConsumers + 128;
  static constexpr int kQueryRows = 64 * kWarpgroups;
  using Products = ProductsOf<kDimension, kQueryRows>;
  using Parameters = typename Products::Parameters;
  static constexpr int kRowBytes = kDimension * Products::kElementBytes;
  static constexpr int kTile = kTileBytes<kDimension, Products::kElementBytes>;
  using Shared = PipelineLayout<kRowBytes, kQueryRows, kStages>;
  // Warpgroups share what the block was launched with, whole eights for each thread. Who asks for more than the others
  // gave back waits forever.
  static constexpr int kLaunchRegisters = 65536 / kThreads / 8 * 8;
  static constexpr int kConsumerRegisters = kWarpgroups == 3 ? 160 : 240;
  static constexpr int kProducerRegisters = kLaunchRegisters * (kWarpgroups + 1) - kConsumerRegisters * kWarpgroups;
  static_assert(kProducerRegisters >= 24 && kProducerRegisters % 8 == 0, "what the instruction takes");

  /// Where the tile of an entry lies within its head.
  static __device__ __forceinline__ i64 tileOffset(u32 entry) {
    return static_cast<i64>(entry & kTileIndexMask) * kTile;
  }

  /// One thread fetches items, all or those that are listed, and copies their tiles as fast as the stages get free.
  template <bool kIsQuick>
  static __device__ __forceinline__ void produce(const Parameters& p, u32 shared) {
    // One word for all barriers.
    Parity empty(1);
    for (u32 turn = 0;; ++turn) {
      // Nothing is kept that can be had again: a producer has few registers.
      const u32 items =
          kIsQuick ? static_cast<u32>(p.geometry.heads * p.groups) : *static_cast<const volatile u32*>(p.repeats);
      const u32 asked = atomicAdd(p.counter, 1u);
      const u32 index = asked >= items ? kNoItem : kIsQuick ? asked : p.repeats[1 + asked];
      const u32 slot = turn % 2;
      waitFor(Shared::emptyItem(shared, slot), empty.flip(2 * kStages + 1 + slot));
      storeShared(Shared::item(shared, slot), index);
      arrive(Shared::fullItem(shared, slot));
      if (index == kNoItem) {
        // Each block asks once in vain; the last to ask makes everything ready for the next launch.
        if (asked == items + gridDim.x - 1) {
          *p.counter = 0;
          if constexpr (!kIsQuick)
            p.repeats[0] = 0;
        }
        return;
      }
      const Item item = findItem(p, index);
      const i64 offset = headOffset<kDimension, Products::kElementBytes>(p.geometry, item.head);
      const u32* entries = p.entries + item.group.start;

      const auto loadKeys = [&](u32 entry, u32 stage) {
        waitFor(Shared::emptyKeys(shared, stage), empty.flip(stage));
        storeShared(Shared::entry(shared, stage), entry);
        arriveExpecting(Shared::fullKeys(shared, stage), kTile);
        copyBulk(Shared::keys(shared, stage), p.keys + offset + tileOffset(entry), kTile,
                 Shared::fullKeys(shared, stage));
      };
      const auto loadValues = [&](u32 entry, u32 stage) {
        waitFor(Shared::emptyValues(shared, stage), empty.flip(kStages + stage));
        arriveExpecting(Shared::fullValues(shared, stage), kTile);
        copyBulk(Shared::values(shared, stage), p.values + offset + tileOffset(entry), kTile,
                 Shared::fullValues(shared, stage));
      };
      if (item.group.count == 0)
        continue;
      u32 entry = entries[0];
      loadKeys(entry, 0);
      waitFor(Shared::emptyQueries(shared), empty.flip(2 * kStages));
      arriveExpecting(Shared::fullQueries(shared), kQueryRows * kRowBytes);
      if constexpr (kQueryRows % kTileRows != 0) {
        // One chunk: rows follow one another across tiles.
        const i32 left = p.geometry.rows - item.group.firstRow;
        const u32 rows = left < kQueryRows ? static_cast<u32>(left) : kQueryRows;
        copyBulk(Shared::queries(shared), p.queries + offset + static_cast<i64>(item.group.firstRow) * 128, rows * 128,
                 Shared::fullQueries(shared));
        if (rows < kQueryRows) // the rest of the group: any rows that exist
          copyBulk(Shared::queries(shared) + rows * 128, p.queries + offset, (kQueryRows - rows) * 128,
                   Shared::fullQueries(shared));
      } else {
        copyBulk(Shared::queries(shared), p.queries + offset + static_cast<i64>(item.group.firstRow) * kRowBytes,
                 kQueryRows * kRowBytes, Shared::fullQueries(shared));
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

  /// The warpgroups of the consumers attend what the producer brings.
  template <class Softmax>
  static __device__ __forceinline__ void consume(const Parameters& p, u32 shared) {
    const u32 warpgroup = threadIdx.x / 128 - 1;
    const u32 lane = threadIdx.x % 32;
    const i32 rowInGroup = static_cast<i32>(warpgroup * 64 + threadIdx.x % 128 / 32 * 16 + lane / 4);
    const i32 firstColumn = static_cast<i32>(lane % 4 * 2);
    const i64 stride = static_cast<i64>(p.geometry.heads) * kDimension;
    Parity fullKeys(0), fullValues(0), fullQueries(0), fullItems(0);
    const u64 queries = describe(Shared::queries(shared) + warpgroup * 64 * 128);

    for (u32 turn = 0;; ++turn) {
      const u32 slot = turn % 2;
      waitFor(Shared::fullItem(shared, slot), fullItems.flip(slot));
      const u32 index = loadShared(Shared::item(shared, slot));
      __syncwarp();
      if (lane == 0)
        arrive(Shared::emptyItem(shared, slot));
      if (index == kNoItem)
        return;
      const Item item = findItem(p, index);
      const i32 count = item.group.count;
      const i32 row = item.group.firstRow + rowInGroup;
      // A group that begins in the video ends with it; the text has groups of its own.
      const i32 textRow = p.geometry.videoRows;
      const i32 lastRow = item.group.firstRow < textRow ? textRow : 0x7FFFFFFF;
      const i32 halfWidth = p.halfWidth[item.tokenMajor];
      const float scale = Products::scoreScale(p, item);

      float scores[64], factor[2];
      typename Products::Output output;
      typename Products::Weights weights;
      Softmax softmax;
      float inverse[2] = {0.0f, 0.0f};
#pragma unroll
      for (int i = 0; i < kDimension / 2; ++i)
        output.sum[i] = 0.0f;

      if (count > 0) {
        waitFor(Shared::fullQueries(shared), fullQueries.flip(0));
        waitFor(Shared::fullKeys(shared, 0), fullKeys.flip(0));
        u32 entry = loadShared(Shared::entry(shared, 0));
        fenceProducts();
        Products::multiplyKeys(scores, queries, describe(Shared::keys(shared, 0)));
        commitProducts();
        waitForProducts<0>();
        pin(scores);
        release(Shared::emptyKeys(shared, 0), lane);
        if (entry & ~kTileIndexMask)
          maskScores(scores, p.geometry, entry, row, firstColumn, halfWidth);
        softmax.begin(scores, scale, factor);
        Products::pack(scores, weights);
        output.begin(factor);

        for (i32 first = 1; first < count; first += kStages) {
#pragma unroll
          for (int u = 0; u < kStages; ++u) {
            if (first + u >= count)
              break;
            const u32 stage = (1 + u) % kStages, previous = u % kStages;
            waitFor(Shared::fullKeys(shared, stage), fullKeys.flip(stage));
            entry = loadShared(Shared::entry(shared, stage));
            pin(scores);
            output.pinSums();
            pin(weights);
            fenceProducts();
            Products::multiplyKeys(scores, queries, describe(Shared::keys(shared, stage)));
            commitProducts();
            waitFor(Shared::fullValues(shared, previous), fullValues.flip(previous));
            output.multiplyValues(weights, Shared::values(shared, previous));
            commitProducts();
            waitForProducts<1>();
            pin(scores);
            release(Shared::emptyKeys(shared, stage), lane);
            if (entry & ~kTileIndexMask)
              maskScores(scores, p.geometry, entry, row, firstColumn, halfWidth);
            const bool grown = softmax.exponentiate(scores, scale, factor);
            // Left alone, the compiler waits for P·V before it exponentiates. A branch that needs every exponential
            // keeps them in front of it: sums are never negative, so this waits for the next keys, as the next turn
            // would.
            if (first + u + 1 < count && !softmax.isNegative())
              waitFor(Shared::fullKeys(shared, (stage + 1) % kStages), fullKeys.peek((stage + 1) % kStages));
            waitForProducts<0>();
            output.pinSums();
            pin(weights);
            release(Shared::emptyValues(shared, previous), lane);
            Products::pack(scores, weights);
            output.collect(factor, grown);
          }
        }
        release(Shared::emptyQueries(shared), lane);
        const u32 last = static_cast<u32>(count - 1) % kStages;
        waitFor(Shared::fullValues(shared, last), fullValues.flip(last));
        output.pinSums();
        pin(weights);
        fenceProducts();
        output.multiplyValues(weights, Shared::values(shared, last));
        commitProducts();
        bool isRight = true;
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          const float sum = softmax.wholeSum(r);
          inverse[r] = Products::outputScale(p, item) / sum;
          const bool counts = row + 8 * r < lastRow && exists(p.geometry, row + 8 * r);
          isRight = isRight && (Softmax::isRight(sum) || !counts);
        }
        waitForProducts<0>();
        output.pinSums();
        output.finish();
        release(Shared::emptyValues(shared, last), lane);
        if constexpr (Softmax::kIsQuick) {
          if (isAnyOf<kConsumers>(!isRight) && threadIdx.x == 128)
            p.repeats[1 + atomicAdd(p.repeats, 1u)] = index;
        }
      }
      storeRows(output.sum, inverse, p.geometry, row, lastRow, item.tokenMajor, p.output + item.head * kDimension,
                stride);
    }
  }

  /// Attends all items with a quick softmax, or those that it listed with one that is always right.
  /// - Parameter memory: `Shared::kBytes` of shared memory.
  template <class Softmax>
  static __device__ __forceinline__ void run(const Parameters& p, const void* memory) {
    const u32 shared = (sharedAddress(memory) + 1023) & ~1023u;
    if (threadIdx.x == 0)
      Shared::initialize(shared, 4 * kWarpgroups);
    __syncthreads();
    if (threadIdx.x < 128) {
      shrinkRegisters<kProducerRegisters>();
      if (threadIdx.x == 0)
        produce<Softmax::kIsQuick>(p, shared);
    } else {
      growRegisters<kConsumerRegisters>();
      consume<Softmax>(p, shared);
    }
  }
};

/// A kernel with the products of `Attention` and a softmax.
#define HOPPER_KERNEL(name, Attention, Softmax)                                                                        \
  extern "C" __global__ void __launch_bounds__(Attention::kThreads, 1)                                                 \
      name(const __grid_constant__ Attention::Parameters p) {                                                          \
    extern __shared__ __align__(1024) u8 memory[];                                                                     \
    Attention::run<Softmax>(p, memory);                                                                                \
  }
