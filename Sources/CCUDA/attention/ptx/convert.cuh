#pragma once

#include "ptx/types.cuh"

/// Two floats to packed bfloat16, `low` in the lower half; round to nearest even.
__device__ __forceinline__ u32 packBFloat16(float low, float high) {
  u32 packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
}

/// The lower of two packed bfloat16 values.
__device__ __forceinline__ float lowBFloat16(u32 packed) {
  return __uint_as_float(packed << 16);
}

/// The upper of two packed bfloat16 values.
__device__ __forceinline__ float highBFloat16(u32 packed) {
  return __uint_as_float(packed & 0xFFFF0000u);
}

/// 2^x to about 2 units in the last place; 0 for very negative x.
__device__ __forceinline__ float exp2Approximate(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
