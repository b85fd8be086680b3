#pragma once

#include "ptx/types.cuh"

__device__ __forceinline__ u32 sharedAddress(const void* pointer) {
  return static_cast<u32>(__cvta_generic_to_shared(pointer));
}

/// Where a 32-bit address is.
__device__ __forceinline__ u8* sharedPointer(u32 address) {
  return reinterpret_cast<u8*>(emulated::sharedOrigin() + address);
}

__device__ __forceinline__ void storeShared(u32 address, u32 value) {
  std::memcpy(sharedPointer(address), &value, sizeof value);
}
__device__ __forceinline__ void storeShared(u32 address, const Quad& q) {
  std::memcpy(sharedPointer(address), &q, sizeof q);
}
__device__ __forceinline__ u32 loadShared(u32 address) {
  u32 value;
  std::memcpy(&value, sharedPointer(address), sizeof value);
  return value;
}
__device__ __forceinline__ Quad loadQuad(const void* source) {
  // The instruction traps where an address is no multiple of 16.
  if (reinterpret_cast<uintptr_t>(source) % 16 != 0)
    __builtin_trap();
  Quad q;
  std::memcpy(&q, source, sizeof q);
  return q;
}

__device__ __forceinline__ void copyAsync(u32 target, const void* source, bool exists) {
  if (target % 16 != 0 || reinterpret_cast<uintptr_t>(source) % 16 != 0)
    __builtin_trap();
  emulated::copyLater(sharedPointer(target), exists ? source : nullptr);
}
__device__ __forceinline__ void copyAsync(u32 target, const void* source) {
  copyAsync(target, source, true);
}
__device__ __forceinline__ void commitCopies() {
  emulated::closeCopies();
}
template <int kPending>
__device__ __forceinline__ void waitForCopies() {
  emulated::finishCopies(kPending);
}
