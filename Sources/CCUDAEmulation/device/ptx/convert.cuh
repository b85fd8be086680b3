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

__device__ __forceinline__ float exp2Approximate(float x) {
  return x < -126 ? 0.0f : std::exp2(x);
}
