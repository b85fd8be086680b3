#pragma once

#include "ptx/types.cuh"

// Warpgroup matrix products of sm_90a: D[64, N] (+)= A[64, 16] · B[16, N], bf16 in, float32 out.
//
// Element d[4j + 2r + e] of a thread is row 16·warp + lane/4 + 8r, column 8j + 2·(lane mod 4) + e.

/// Registers of earlier code may be read by products that follow.
__device__ __forceinline__ void fenceProducts() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

/// Closes a group of products.
__device__ __forceinline__ void commitProducts() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/// Waits until at most `kPending` groups are unfinished.
template <int kPending>
__device__ __forceinline__ void waitForProducts() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

/// Keeps the compiler from moving uses of accumulators over a wait or a fence.
template <int kCount>
__device__ __forceinline__ void pin(float (&d)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i)
    asm volatile("" : "+f"(d[i])::"memory");
}

template <int kCount>
__device__ __forceinline__ void pin(u32 (&a)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i)
    asm volatile("" : "+r"(a[i])::"memory");
}

/// Describes an operand in shared memory with the 128-byte swizzle: 64 columns of bf16 for each row, 8 rows in 1024
/// bytes. `leading` is the stride of 64-column chunks of a transposed operand; others leave it out.
__device__ __forceinline__ u64 describe(u32 address, u32 leading = 16) {
  const u32 low = ((address & 0x3FFFF) >> 4) | (leading >> 4) << 16;
  const u32 high = (1024 >> 4) | 1u << 30;
  return static_cast<u64>(high) << 32 | low;
}

/// The same operand `bytes` further on.
__device__ __forceinline__ u64 advance(u64 descriptor, u32 bytes) {
  return descriptor + (bytes >> 4);
}

// The accumulators of a product over 128 and over 64 columns: their places in the instruction, and the operands there.
#define ACCUMULATOR_PLACES_128                                                                                         \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "    \
  "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, "     \
  "%46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
#define ACCUMULATOR_PLACES_64                                                                                          \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "    \
  "%24, %25, %26, %27, %28, %29, %30, %31}, "
#define EIGHT_ACCUMULATORS(d, i)                                                                                       \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]),          \
      "+f"(d[i + 7])
#define ACCUMULATORS_64(d)                                                                                             \
  EIGHT_ACCUMULATORS(d, 0), EIGHT_ACCUMULATORS(d, 8), EIGHT_ACCUMULATORS(d, 16), EIGHT_ACCUMULATORS(d, 24)
#define ACCUMULATORS_128(d)                                                                                            \
  ACCUMULATORS_64(d), EIGHT_ACCUMULATORS(d, 32), EIGHT_ACCUMULATORS(d, 40), EIGHT_ACCUMULATORS(d, 48),                 \
      EIGHT_ACCUMULATORS(d, 56)

/// d[64, 128] (+)= A · Bᵀ, both from shared memory with rows of the 16 summed columns.
__device__ __forceinline__ void multiplyShared(float (&d)[64], u64 a, u64 b, bool accumulate) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %66, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 " ACCUMULATOR_PLACES_128
               "%64, %65, p, 1, 1, 0, 0;\n"
               "}\n"
               : ACCUMULATORS_128(d)
               : "l"(a), "l"(b), "r"(static_cast<i32>(accumulate)));
}

/// d[64, 128] (+)= A · B, A from registers, B from shared memory with rows of the 128 columns.
__device__ __forceinline__ void multiplyRegisters(float (&d)[64], u32 a0, u32 a1, u32 a2, u32 a3, u64 b,
                                                  bool accumulate) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %69, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 " ACCUMULATOR_PLACES_128
               "{%64, %65, %66, %67}, %68, p, 1, 1, 1;\n"
               "}\n"
               : ACCUMULATORS_128(d)
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(b), "r"(static_cast<i32>(accumulate)));
}

/// d[64, 64] (+)= A · B, A from registers, B from shared memory with rows of the 64 columns.
__device__ __forceinline__ void multiplyRegisters(float (&d)[32], u32 a0, u32 a1, u32 a2, u32 a3, u64 b,
                                                  bool accumulate) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %37, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " ACCUMULATOR_PLACES_64
               "{%32, %33, %34, %35}, %36, p, 1, 1, 1;\n"
               "}\n"
               : ACCUMULATORS_64(d)
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(b), "r"(static_cast<i32>(accumulate)));
}

// The same in e4m3: 32 columns are summed at once, and every operand in shared memory has them in its rows.

/// d[64, 128] (+)= A · Bᵀ, both e4m3 from shared memory with rows of the 32 summed columns.
__device__ __forceinline__ void multiplySharedFloat8(float (&d)[64], u64 a, u64 b, bool accumulate) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %66, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3 " ACCUMULATOR_PLACES_128 "%64, %65, p, 1, 1;\n"
               "}\n"
               : ACCUMULATORS_128(d)
               : "l"(a), "l"(b), "r"(static_cast<i32>(accumulate)));
}

/// d[64, 128] (+)= A · Bᵀ in e4m3, A from registers, B from shared memory with rows of the 32 summed columns.
///
/// Registers 0 and 2 hold the columns `4·(lane mod 4)...` and 16 further on of row `lane/4`, 1 and 3 those of row
/// `lane/4 + 8`.
__device__ __forceinline__ void multiplyRegistersFloat8(float (&d)[64], u32 a0, u32 a1, u32 a2, u32 a3, u64 b,
                                                        bool accumulate) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %69, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3 " ACCUMULATOR_PLACES_128
               "{%64, %65, %66, %67}, %68, p, 1, 1;\n"
               "}\n"
               : ACCUMULATORS_128(d)
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(b), "r"(static_cast<i32>(accumulate)));
}

/// Takes registers from, or gives them to, the other warpgroups of the block.
template <int kRegisters>
__device__ __forceinline__ void growRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ __forceinline__ void shrinkRegisters() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
