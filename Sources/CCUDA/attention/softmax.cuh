#pragma once

#include "mask.cuh"
#include "ptx/convert.cuh"

/// The largest of what the four threads of a row hold.
__device__ __forceinline__ float largestOfRow(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xFFFFFFFFu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xFFFFFFFFu, x, 2));
}

/// The sum of what the four threads of a row hold.
__device__ __forceinline__ float sumOfRow(float x) {
  x += __shfl_xor_sync(0xFFFFFFFFu, x, 1);
  return x + __shfl_xor_sync(0xFFFFFFFFu, x, 2);
}

/// What every softmax of a thread's two rows keeps.
struct ExponentialSums {
  /// This thread's part of the sum of exponentials.
  float sum[2];

  /// Whether a sum of the warp is negative, which none ever is: an answer that needs all exponentials.
  __device__ __forceinline__ bool isNegative() const { return __any_sync(0xFFFFFFFFu, sum[0] + sum[1] < 0.0f); }
  /// The whole sum of row `r`.
  __device__ __forceinline__ float wholeSum(int r) const { return sumOfRow(sum[r]); }
};

/// The running softmax of a thread's two rows (Milakov and Gimelshein, arXiv:1805.02867), in powers of two: right for
/// all scores.
template <int kShift>
struct OnlineSoftmax : ExponentialSums {
  static constexpr bool kIsQuick = false;
  /// The largest score so far.
  float maximum[2];

  /// Before the first tile.
  __device__ __forceinline__ void reset() {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      maximum[r] = kDropped;
      sum[r] = 0.0f;
    }
  }

  /// The first tile.
  template <int kCount>
  __device__ __forceinline__ void begin(float (&scores)[kCount], float scale, float (&factor)[2]) {
    reset();
    exponentiate(scores, scale, factor);
  }

  /// Turns scores into exponentials relative to the largest score so far, times 2 to the power of `kShift`.
  /// - Returns: Whether a maximum of the warp's rows has grown; `factor` is what earlier sums shrink by.
  template <int kCount>
  __device__ __forceinline__ bool exponentiate(float (&scores)[kCount], float scale, float (&factor)[2]) {
    float largest[2] = {maximum[0], maximum[1]};
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      largest[i % 4 / 2] = fmaxf(largest[i % 4 / 2], scores[i]);
#pragma unroll
    for (int r = 0; r < 2; ++r)
      largest[r] = largestOfRow(largest[r]);
    const bool grown = __any_sync(0xFFFFFFFFu, largest[0] > maximum[0] || largest[1] > maximum[1]);
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      factor[r] = grown ? exp2Approximate((maximum[r] - largest[r]) * scale) : 1.0f;
      maximum[r] = largest[r];
      sum[r] *= factor[r];
      largest[r] *= scale;
      if constexpr (kShift != 0)
        largest[r] -= kShift;
    }
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      scores[i] = exp2Approximate(fmaf(scores[i], scale, -largest[i % 4 / 2]));
      sum[i % 4 / 2] += scores[i];
    }
    return grown;
  }

  static __device__ __forceinline__ bool isRight(float) {
    return true;
  }
};

/// Shrinks a thread's two rows of the output.
template <int kCount>
__device__ __forceinline__ void rescale(float (&output)[kCount], const float (&factor)[2]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i)
    output[i] *= factor[i % 4 / 2];
}

/// Rounds exponentials to bfloat16 pairs: four in a row are the left operand of one product over 16 keys.
template <int kCount>
__device__ __forceinline__ void packPairs(const float (&scores)[kCount], u32 (&pairs)[kCount / 2]) {
#pragma unroll
  for (int i = 0; i < kCount / 2; ++i)
    pairs[i] = packBFloat16(scores[2 * i], scores[2 * i + 1]);
}
