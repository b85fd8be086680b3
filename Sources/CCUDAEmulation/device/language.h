// What makes CUDA C++ of the kernels C++: qualifiers, the place of a thread, and the functions that CUDA has built in.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "fibers.h"

// Loops that a GPU must have unrolled may stay loops here.
#pragma clang diagnostic ignored "-Wpass-failed"

#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ thread_local
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define __grid_constant__

#define threadIdx (emulated::current->place)
#define blockIdx (emulated::block->index)
#define blockDim (emulated::block->threads)
#define gridDim (emulated::block->grid)

struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
  return {x, y, z, w};
}

static inline float __uint_as_float(unsigned bits) {
  return emulated::cast<float>(bits);
}
static inline unsigned __float_as_uint(float x) {
  return emulated::cast<unsigned>(x);
}
static inline float __int_as_float(int bits) {
  return emulated::cast<float>(bits);
}
static inline float rsqrtf(float x) {
  return 1 / std::sqrt(x);
}
using std::abs;
static inline int min(int a, int b) {
  return a < b ? a : b;
}
static inline int max(int a, int b) {
  return a > b ? a : b;
}

static inline unsigned atomicAdd(unsigned* target, unsigned value) {
  // One fiber runs at a time.
  const unsigned before = *target;
  *target += value;
  return before;
}

static inline void __syncthreads() {
  emulated::meetBlock();
}
static inline void __syncwarp() {
  emulated::meetWarp();
}

template <typename Number>
static inline Number __shfl_sync(unsigned, Number value, int lane) {
  return emulated::cast<Number>(emulated::exchange(emulated::cast<unsigned>(value), lane));
}
static inline float __shfl_xor_sync(unsigned mask, float value, int other) {
  return __shfl_sync(mask, value, emulated::lane() ^ other);
}
static inline unsigned __shfl_xor_sync(unsigned mask, unsigned value, int other) {
  return __shfl_sync(mask, value, emulated::lane() ^ other);
}
static inline double __shfl_xor_sync(unsigned, double value, int other) {
  const auto bits = emulated::cast<uint64_t>(value);
  const uint64_t low = emulated::exchange(static_cast<unsigned>(bits), emulated::lane() ^ other);
  const uint64_t high = emulated::exchange(static_cast<unsigned>(bits >> 32), emulated::lane() ^ other);
  return emulated::cast<double>(low | high << 32);
}
static inline bool __any_sync(unsigned, bool value) {
  unsigned words[1] = {value};
  const emulated::Words* all = emulated::publish(words, 1);
  bool any = false;
  for (int lane = 0; lane < 32; lane++)
    any = any || all[lane][0] != 0;
  return any;
}

/// 32-bit addresses of shared memory, counted from a place before all of it.
static inline size_t __cvta_generic_to_shared(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) - emulated::sharedOrigin();
}
