#pragma once

#include "ptx/types.cuh"

__device__ __forceinline__ float fromBFloat16(u16 bits) {
  return __uint_as_float(static_cast<u32>(bits) << 16);
}

__device__ __forceinline__ u16 toBFloat16(float value) {
  const u32 bits = emulated::cast<u32>(value);
  if (value != value)
    return 0x7FFF;
  return static_cast<u16>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

__device__ __forceinline__ u32 packBFloat16(float low, float high) {
  return static_cast<u32>(toBFloat16(high)) << 16 | toBFloat16(low);
}
__device__ __forceinline__ float lowBFloat16(u32 packed) {
  return __uint_as_float(packed << 16);
}
__device__ __forceinline__ float highBFloat16(u32 packed) {
  return __uint_as_float(packed & 0xFFFF0000u);
}

__device__ __forceinline__ float fromFloat16(u16 bits) {
  return static_cast<float>(emulated::cast<_Float16>(bits));
}
__device__ __forceinline__ u16 toFloat16(float value) {
  return emulated::cast<u16>(static_cast<_Float16>(value));
}

/// The binary32 with the value of an e4m3.
__device__ __forceinline__ float fromFloat8(u8 bits) {
  // The bits as those of a binary32 whose exponent counts from 120 less.
  const float magnitude =
      (bits & 127) == 127 ? NAN : emulated::cast<float>(static_cast<u32>(bits & 127) << 20) * 0x1p120f;
  return bits & 128 ? -magnitude : magnitude;
}
/// Rounds to the nearest e4m3, ties to even, at most 448.
__device__ __forceinline__ u8 toFloat8(float value) {
  const u8 sign = std::signbit(value) ? 128 : 0;
  const float magnitude = std::fabs(value);
  if (value != value)
    return 127;
  if (magnitude >= 448)
    return sign | 126;
  // Numbers below 2^-6 have the steps of those above.
  const int exponent = magnitude < 0x1p-6f ? -6 : std::ilogb(magnitude);
  const int steps = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 3 - exponent)));
  return static_cast<u8>(sign | ((exponent + 6) * 8 + steps));
}
__device__ __forceinline__ u32 packFloat8(float a, float b, float c, float d) {
  return toFloat8(a) | toFloat8(b) << 8 | toFloat8(c) << 16 | static_cast<u32>(toFloat8(d)) << 24;
}

__device__ __forceinline__ float exp2Approximate(float x) {
  return x < -126 ? 0.0f : std::exp2(x);
}
