#pragma once

#include "epilogue.cuh"
#include "ptx/wgmma.cuh"
#include "softmax.cuh"

/// The products of a warpgroup's 64 rows with bfloat16 tiles.
template <int kDimension, int kQueryRows>
struct BFloat16Products {
  using Parameters = AttendParameters;
  static constexpr int kElementBytes = 2;
  /// Rounded exponentials of a thread's rows and a tile.
  using Weights = u32[kTileRows / 4];

  /// The factor of the scores, and of the output.
  static __device__ __forceinline__ float scoreScale(const Parameters&, const Item&) { return 1.0f; }
  static __device__ __forceinline__ float outputScale(const Parameters&, const Item&) { return 1.0f; }

  /// S = Q·Kᵀ.
  static __device__ __forceinline__ void multiplyKeys(float (&scores)[64], u64 queries, u64 keys) {
#pragma unroll
    for (int k = 0; k < kDimension / 16; ++k) {
      const u32 column = k % 4 * 32;
      multiplyShared(scores, advance(queries, k / 4 * (kQueryRows * 128) + column),
                     advance(keys, k / 4 * kChunkBytes + column), k != 0);
    }
  }

  static __device__ __forceinline__ void pack(const float (&scores)[64], Weights& weights) {
    packPairs(scores, weights);
  }

  /// O, a sum in the tensor cores.
  struct Output {
    float sum[kDimension / 2];

    __device__ __forceinline__ void pinSums() { pin(sum); }

    /// O += P·V.
    __device__ __forceinline__ void multiplyValues(const Weights& weights, u32 values) {
      const u64 tile = describe(values, kChunkBytes);
#pragma unroll
      for (int k = 0; k < kTileRows / 16; ++k) {
        multiplyRegisters(sum, weights[4 * k], weights[4 * k + 1], weights[4 * k + 2], weights[4 * k + 3],
                          advance(tile, k * 2048), true);
      }
    }

    /// Notes what the maxima of the first tile shrink the sum by, which is zero still.
    __device__ __forceinline__ void begin(const float (&)[2]) {}
    /// Takes over the product of a tile, and what the maxima of the next one shrink it by.
    __device__ __forceinline__ void collect(const float (&factor)[2], bool grown) {
      if (grown)
        rescale(sum, factor);
    }
    /// Takes over the product of the last tile.
    __device__ __forceinline__ void finish() {}
  };
};
