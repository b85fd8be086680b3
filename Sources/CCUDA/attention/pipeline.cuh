#pragma once

#include "parameters.cuh"
#include "ptx/mbarrier.cuh"

/// The parities to wait for next, one bit for each stage.
struct Parity {
  u32 bits;
  __device__ __forceinline__ explicit Parity(u32 first) : bits(first ? 0xFFFFFFFFu : 0) {}
  /// The parity of this turn.
  __device__ __forceinline__ u32 peek(u32 stage) const { return bits >> stage & 1; }
  /// The parity of this turn; the next turn waits for the other one.
  __device__ __forceinline__ u32 flip(u32 stage) {
    const u32 parity = peek(stage);
    bits ^= 1u << stage;
    return parity;
  }
};

/// Says that this warp has read a stage. Every warp does, because waiting for products is a matter of each warp.
__device__ __forceinline__ void release(u32 barrier, u32 lane) {
  __syncwarp();
  if (lane == 0)
    arrive(barrier);
}

/// Shared memory: queries, the stages of keys and of values, barriers, and what the producer says about them.
template <int kRowBytes, int kQueryRows, int kStages>
struct PipelineLayout {
  static constexpr u32 kTileBytes = kTileRows * kRowBytes;
  static constexpr u32 kQueryBytes = kQueryRows * kRowBytes;
  static constexpr u32 kKeys = kQueryBytes;
  static constexpr u32 kValues = kKeys + kStages * kTileBytes;
  static constexpr u32 kBarriers = kValues + kStages * kTileBytes;
  static constexpr u32 kWords = kBarriers + 8 * (4 * kStages + 6);
  /// With what aligning to 1024 bytes may cost.
  static constexpr u32 kBytes = kWords + 4 * (kStages + 2) + 1024;
  static_assert(kBytes <= 232448, "a block has 227 KB of shared memory");

  static __device__ __forceinline__ u32 queries(u32 s) { return s; }
  static __device__ __forceinline__ u32 keys(u32 s, u32 stage) { return s + kKeys + stage * kTileBytes; }
  static __device__ __forceinline__ u32 values(u32 s, u32 stage) { return s + kValues + stage * kTileBytes; }
  static __device__ __forceinline__ u32 fullKeys(u32 s, u32 stage) { return s + kBarriers + 8 * stage; }
  static __device__ __forceinline__ u32 emptyKeys(u32 s, u32 stage) { return fullKeys(s, kStages + stage); }
  static __device__ __forceinline__ u32 fullValues(u32 s, u32 stage) { return fullKeys(s, 2 * kStages + stage); }
  static __device__ __forceinline__ u32 emptyValues(u32 s, u32 stage) { return fullKeys(s, 3 * kStages + stage); }
  static __device__ __forceinline__ u32 fullQueries(u32 s) { return fullKeys(s, 4 * kStages); }
  static __device__ __forceinline__ u32 emptyQueries(u32 s) { return fullKeys(s, 4 * kStages + 1); }
  static __device__ __forceinline__ u32 fullItem(u32 s, u32 slot) { return fullKeys(s, 4 * kStages + 2 + slot); }
  static __device__ __forceinline__ u32 emptyItem(u32 s, u32 slot) { return fullKeys(s, 4 * kStages + 4 + slot); }
  /// The list entry of the keys in a stage.
  static __device__ __forceinline__ u32 entry(u32 s, u32 stage) { return s + kWords + 4 * stage; }
  /// The index of an item.
  static __device__ __forceinline__ u32 item(u32 s, u32 slot) { return s + kWords + 4 * (kStages + slot); }

  /// One thread; then the block must meet. `warps` release each stage.
  static __device__ __forceinline__ void initialize(u32 s, u32 warps) {
    for (u32 stage = 0; stage < kStages; ++stage) {
      initializeBarrier(fullKeys(s, stage), 1);
      initializeBarrier(emptyKeys(s, stage), warps);
      initializeBarrier(fullValues(s, stage), 1);
      initializeBarrier(emptyValues(s, stage), warps);
    }
    initializeBarrier(fullQueries(s), 1);
    initializeBarrier(emptyQueries(s), warps);
    for (u32 slot = 0; slot < 2; ++slot) {
      initializeBarrier(fullItem(s, slot), 1);
      initializeBarrier(emptyItem(s, slot), warps);
    }
    fenceBarrierInitialization();
  }
};
