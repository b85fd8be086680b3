#pragma once

#include "ptx/memory.cuh"

/// A barrier as it lies in the eight bytes of shared memory.
struct EmulatedBarrier {
  /// Arrivals of a phase, and those that are still to come.
  u16 arrivals, pending;
  /// Bytes that are still to come, above the parity of the phase.
  i32 bytesAndParity;

  u32 parity() const { return bytesAndParity & 1; }
  void endPhase() {
    if (pending == 0 && bytesAndParity >> 1 == 0) {
      pending = arrivals;
      bytesAndParity ^= 1;
    }
  }
};

__device__ __forceinline__ EmulatedBarrier& emulatedBarrier(u32 barrier) {
  return *reinterpret_cast<EmulatedBarrier*>(sharedPointer(barrier));
}

__device__ __forceinline__ void initializeBarrier(u32 barrier, u32 arrivals) {
  emulatedBarrier(barrier) = {static_cast<u16>(arrivals), static_cast<u16>(arrivals), 0};
}
__device__ __forceinline__ void fenceBarrierInitialization() {}

__device__ __forceinline__ void arriveExpecting(u32 barrier, u32 bytes) {
  EmulatedBarrier& b = emulatedBarrier(barrier);
  // More arrivals than a phase has are an error of the kernel.
  if (b.pending == 0)
    __builtin_trap();
  b.pending--;
  b.bytesAndParity += static_cast<i32>(bytes * 2);
  b.endPhase();
}
__device__ __forceinline__ void arrive(u32 barrier) {
  arriveExpecting(barrier, 0);
}

__device__ __forceinline__ void waitFor(u32 barrier, u32 parity) {
  while (emulatedBarrier(barrier).parity() == parity)
    emulated::yield();
}

__device__ __forceinline__ void copyBulk(u32 target, const void* source, u32 bytes, u32 barrier) {
  if (target % 16 != 0 || reinterpret_cast<uintptr_t>(source) % 16 != 0 || bytes % 16 != 0)
    __builtin_trap();
  std::memcpy(sharedPointer(target), source, bytes);
  EmulatedBarrier& b = emulatedBarrier(barrier);
  b.bytesAndParity -= static_cast<i32>(bytes * 2);
  b.endPhase();
}

template <int kThreads>
__device__ __forceinline__ bool isAnyOf(bool value) {
  return emulated::meetSome(kThreads, value);
}
