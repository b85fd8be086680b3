#pragma once

#include "ptx/types.cuh"

/// The binary32 with the value of a bfloat16.
__device__ __forceinline__ float fromBFloat16(u16 bits) {
  return __uint_as_float(static_cast<u32>(bits) << 16);
}

/// Rounds to the nearest bfloat16, ties to even.
__device__ __forceinline__ u16 toBFloat16(float value) {
  u16 bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

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

/// The binary32 with the value of a binary16.
__device__ __forceinline__ float fromFloat16(u16 bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

/// Rounds to the nearest binary16, ties to even.
__device__ __forceinline__ u16 toFloat16(float value) {
  u16 bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

/// Four floats to packed e4m3, `a` in the lowest byte; round to nearest even, at most 448 (sm_89 and newer).
__device__ __forceinline__ u32 packFloat8(float a, float b, float c, float d) {
  u32 packed;
  asm("{\n"
      ".reg .b16 low, high;\n"
      "cvt.rn.satfinite.e4m3x2.f32 low, %2, %1;\n"
      "cvt.rn.satfinite.e4m3x2.f32 high, %4, %3;\n"
      "mov.b32 %0, {low, high};\n"
      "}\n"
      : "=r"(packed)
      : "f"(a), "f"(b), "f"(c), "f"(d));
  return packed;
}

/// 2^x to about 2 units in the last place; 0 for very negative x.
__device__ __forceinline__ float exp2Approximate(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
