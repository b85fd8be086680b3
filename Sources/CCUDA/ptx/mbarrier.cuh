#pragma once

#include "ptx/memory.cuh"

// Barriers in shared memory that count arrivals and bytes. A fresh barrier lets a wait for parity 1 pass at once.

__device__ __forceinline__ void initializeBarrier(u32 barrier, u32 arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

/// Makes initialized barriers visible to the bulk copy unit.
__device__ __forceinline__ void fenceBarrierInitialization() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void arrive(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

/// Arrives, and expects `bytes` to be copied before the phase ends.
__device__ __forceinline__ void arriveExpecting(u32 barrier, u32 bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

/// Waits until the phase with `parity` has ended.
__device__ __forceinline__ void waitFor(u32 barrier, u32 parity) {
  asm volatile("{\n"
               ".reg .pred done;\n"
               "again:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@done bra finished;\n"
               "bra again;\n"
               "finished:\n"
               "}\n" ::"r"(barrier),
               "r"(parity)
               : "memory");
}

/// Copies `bytes` (a multiple of 16) from global to shared memory; they count at `barrier`.
__device__ __forceinline__ void copyBulk(u32 target, const void* source, u32 bytes, u32 barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(target),
               "l"(__cvta_generic_to_global(source)), "r"(bytes), "r"(barrier)
               : "memory");
}

/// Whether one of the last `kThreads` threads of the block says so; they meet here.
template <int kThreads>
__device__ __forceinline__ bool isAnyOf(bool value) {
  u32 any;
  asm volatile("{\n"
               ".reg .pred p, q;\n"
               "setp.ne.u32 p, %1, 0;\n"
               "bar.red.or.pred q, 1, %2, p;\n"
               "selp.u32 %0, 1, 0, q;\n"
               "}\n"
               : "=r"(any)
               : "r"(static_cast<u32>(value)), "n"(kThreads)
               : "memory");
  return any != 0;
}
