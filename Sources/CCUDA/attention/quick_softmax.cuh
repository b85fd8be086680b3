#pragma once

#include "float8.cuh"
#include "softmax.cuh"

// Softmaxes that do not seek the largest score of each row. Who uses one asks at the end whether it was right.

/// Exponentials of the scores themselves, in powers of two.
///
/// With normalized queries and keys scores lie within some tens, where float32 and bfloat16 are as exact as anywhere.
struct UnshiftedSoftmax : ExponentialSums {
  static constexpr bool kIsQuick = true;

  /// Turns the scores of the first tile into exponentials.
  __device__ __forceinline__ void begin(float (&scores)[64], float scale, float (&factor)[2]) {
    sum[0] = sum[1] = 0.0f;
    factor[0] = factor[1] = 1.0f;
    exponentiate(scores, scale, factor);
  }

  /// Turns scores into exponentials.
  /// - Returns: False: earlier sums stay as they are.
  __device__ __forceinline__ bool exponentiate(float (&scores)[64], float scale, float (&)[2]) {
#pragma unroll
    for (int i = 0; i < 64; ++i) {
      scores[i] = exp2Approximate(scores[i] * scale);
      sum[i % 4 / 2] += scores[i];
    }
    return false;
  }

  /// Whether a row with this sum of exponentials is right: with a larger one products with values may overflow, with a
  /// smaller one exponentials below 2^-126 that became zero may have mattered.
  static __device__ __forceinline__ bool isRight(float sum) {
    return sum >= 0x1p-60f && sum <= 0x1p80f;
  }
};

/// Exponentials relative to a number for each row, in powers of two, that are to be rounded to e4m3.
///
/// The number is sought in the first tile and then held until a sum shows that an exponential may be above 448, the
/// largest number of e4m3; numbers down to 2^-6 keep all their bits.
struct HeldSoftmax : ExponentialSums {
  static constexpr bool kIsQuick = true;
  /// What the scores of a row are relative to: a whole number, so that it moves by exact factors.
  float base[2];

  /// Turns the scores of the first tile into exponentials of at most 16.
  ///
  /// Lists have tiles of which every row keeps keys first. Without a kept key nothing is known of a row: its sum
  /// becomes no number, which is never right.
  __device__ __forceinline__ void begin(float (&scores)[64], float scale, float (&factor)[2]) {
    float largest[2] = {kDropped, kDropped};
#pragma unroll
    for (int i = 0; i < 64; ++i)
      largest[i % 4 / 2] = fmaxf(largest[i % 4 / 2], scores[i]);
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      largest[r] = largestOfRow(largest[r]);
      base[r] = largest[r] == kDropped ? 0.0f : ceilf(largest[r] * scale) - 4.0f;
      sum[r] = largest[r] == kDropped ? __uint_as_float(0x7FC00000u) : 0.0f;
      factor[r] = 1.0f;
    }
    exponentiate(scores, scale, factor);
  }

  /// Turns scores into exponentials of at most 448.
  /// - Returns: Whether the number of a row of the warp has grown; `factor` is what earlier sums shrink by.
  __device__ __forceinline__ bool exponentiate(float (&scores)[64], float scale, float (&factor)[2]) {
    float added[2] = {0.0f, 0.0f};
#pragma unroll
    for (int i = 0; i < 64; ++i) {
      scores[i] = exp2Approximate(fmaf(scores[i], scale, -base[i % 4 / 2]));
      added[i % 4 / 2] += scores[i];
    }
    factor[0] = factor[1] = 1.0f;
    // No exponential is larger than the sum of all.
    const bool grown = __any_sync(0xFFFFFFFFu, added[0] > kLargestFloat8 || added[1] > kLargestFloat8);
    if (grown) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const float largest = largestOfRow(added[r]);
        // A power of two that leaves the largest sum of a thread between 32 and 64.
        const i32 steps = largest > kLargestFloat8 ? static_cast<i32>(__float_as_uint(largest) >> 23) - 127 - 5 : 0;
        factor[r] = __uint_as_float(static_cast<u32>(127 - steps) << 23);
        base[r] += static_cast<float>(steps);
        added[r] *= factor[r];
      }
#pragma unroll
      for (int i = 0; i < 64; ++i)
        scores[i] *= factor[i % 4 / 2];
    }
#pragma unroll
    for (int r = 0; r < 2; ++r)
      sum[r] = fmaf(sum[r], factor[r], added[r]);
    return grown;
  }

  /// Whether a row with this sum of exponentials is right: neither endless nor no number.
  static __device__ __forceinline__ bool isRight(float sum) {
    return sum < __uint_as_float(0x7F800000u);
  }
};
