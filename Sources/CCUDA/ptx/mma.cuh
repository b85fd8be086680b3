#pragma once

#include "ptx/types.cuh"

// Matrix products of a warp (sm_80 and newer).
//
// Element d[2r + e] of a thread is row lane/4 + 8r, column 2·(lane mod 4) + e.

/// d[16, 8] += A[16, 16] · B[16, 8], bf16 in, float32 out.
__device__ __forceinline__ void multiply(float* d, const u32* a, u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Four 8×8 squares of 16-bit numbers: lanes 8i..8i+7 name the rows of square i.
__device__ __forceinline__ void loadSquares(u32 (&m)[4], u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
               : "r"(address)
               : "memory");
}

/// The same, each square transposed.
__device__ __forceinline__ void loadSquaresTransposed(u32 (&m)[4], u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
               : "r"(address)
               : "memory");
}
