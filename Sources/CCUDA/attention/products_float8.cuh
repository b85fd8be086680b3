#pragma once

#include "epilogue.cuh"
#include "float8.cuh"
#include "ptx/wgmma.cuh"
#include "softmax.cuh"

/// The products of a warpgroup's 64 rows with e4m3 tiles (see `float8.cuh`).
template <int kDimension, int kQueryRows>
struct Float8Products {
  static_assert(kDimension == 128 && kQueryRows == kTileRows, "a row is the 128 bytes of the swizzle");
  using Parameters = Float8AttendParameters;
  static constexpr int kElementBytes = 1;
  /// Rounded exponentials of a thread's rows and a tile.
  using Weights = u32[kTileRows / 8];

  /// The factor of the scores, and of the output.
  static __device__ __forceinline__ float scoreScale(const Parameters& p, const Item& item) {
    const i64 tile = static_cast<i64>(item.head) * (p.geometry.rows / kTileRows) + item.group.firstRow / kTileRows;
    return p.queryScales[tile] * p.statistics[item.head].keyScale;
  }
  static __device__ __forceinline__ float outputScale(const Parameters& p, const Item& item) {
    return p.statistics[item.head].valueScale;
  }

  /// S = Q·Kᵀ.
  static __device__ __forceinline__ void multiplyKeys(float (&scores)[64], u64 queries, u64 keys) {
#pragma unroll
    for (int k = 0; k < kDimension / 32; ++k)
      multiplySharedFloat8(scores, advance(queries, k * 32), advance(keys, k * 32), k != 0);
  }

  /// A thread has keys `2c, 2c + 1, 8 + 2c, 8 + 2c + 1` of each 16, for c the lane modulo 4; as an operand these are
  /// keys `4c...`, which is why values lie in this order (see `float8Key`).
  static __device__ __forceinline__ void pack(const float (&scores)[64], Weights& weights) {
#pragma unroll
    for (int i = 0; i < 16; ++i) {
      const int first = i / 2 * 8 + i % 2 * 2;
      weights[i] = packFloat8(scores[first], scores[first + 1], scores[first + 4], scores[first + 5]);
    }
  }

  /// O, a sum in float32 of the products of single tiles: the tensor cores add e4m3 products with about 14 bits.
  struct Output {
    float sum[kDimension / 2];
    float product[kDimension / 2];
    /// What the maxima of the tile in `product` shrank the sum by.
    float last[2];

    __device__ __forceinline__ void pinSums() { pin(product); }

    /// The product of a tile, P·V.
    __device__ __forceinline__ void multiplyValues(const Weights& weights, u32 values) {
      const u64 tile = describe(values);
#pragma unroll
      for (int k = 0; k < kTileRows / 32; ++k) {
        multiplyRegistersFloat8(product, weights[4 * k], weights[4 * k + 1], weights[4 * k + 2], weights[4 * k + 3],
                                advance(tile, k * 32), k != 0);
      }
    }

    /// Notes what the maxima of the first tile shrink the sum by, which is zero still.
    __device__ __forceinline__ void begin(const float (&factor)[2]) {
      last[0] = factor[0];
      last[1] = factor[1];
    }
    /// Takes over the product of a tile, and what the maxima of the next one shrink the sum by.
    __device__ __forceinline__ void collect(const float (&factor)[2], bool) {
      finish();
      last[0] = factor[0];
      last[1] = factor[1];
    }
    /// Takes over the product of the last tile.
    __device__ __forceinline__ void finish() {
#pragma unroll
      for (int i = 0; i < kDimension / 2; ++i)
        sum[i] = fmaf(sum[i], last[i % 4 / 2], product[i]);
    }
  };
};
