#pragma once

#include "ptx/types.cuh"

// Shared memory by 32-bit addresses, and copies to it that do not wait.

/// The 32-bit address of shared memory.
__device__ __forceinline__ u32 sharedAddress(const void* pointer) {
  return static_cast<u32>(__cvta_generic_to_shared(pointer));
}

__device__ __forceinline__ void storeShared(u32 address, u32 value) {
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(value) : "memory");
}

__device__ __forceinline__ void storeShared(u32 address, const Quad& q) {
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(q.x), "r"(q.y), "r"(q.z), "r"(q.w));
}

__device__ __forceinline__ u32 loadShared(u32 address) {
  u32 value;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(value) : "r"(address) : "memory");
  return value;
}

/// Sixteen bytes of global memory that are read once and never written.
__device__ __forceinline__ Quad loadQuad(const void* source) {
  Quad q;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(q.x), "=r"(q.y), "=r"(q.z), "=r"(q.w)
               : "l"(source));
  return q;
}

/// Copies 16 bytes to shared memory without waiting.
__device__ __forceinline__ void copyAsync(u32 target, const void* source) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(target), "l"(__cvta_generic_to_global(source))
               : "memory");
}

/// The same where `exists`; zeros where not.
__device__ __forceinline__ void copyAsync(u32 target, const void* source, bool exists) {
  const int bytes = exists ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(source), "r"(bytes) : "memory");
}

/// Closes a group of copies.
__device__ __forceinline__ void commitCopies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits until at most `kPending` of this thread's groups are unfinished.
template <int kPending>
__device__ __forceinline__ void waitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}
