#pragma once

// Number types of fixed size, and bfloat16 as its bits: NVRTC brings no headers.

typedef unsigned char u8;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

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

/// Two roundings in one instruction; `low` gets the lower address.
__device__ __forceinline__ u32 toBFloat16Pair(float low, float high) {
  u32 bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

/// The lower and the upper one of a pair.
__device__ __forceinline__ float lowBFloat16(u32 pair) {
  return __uint_as_float(pair << 16);
}
__device__ __forceinline__ float highBFloat16(u32 pair) {
  return __uint_as_float(pair & 0xFFFF0000u);
}

/// The binary32 with the value of a binary16, and back.
__device__ __forceinline__ float fromFloat16(u16 bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}
__device__ __forceinline__ u16 toFloat16(float value) {
  u16 bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
