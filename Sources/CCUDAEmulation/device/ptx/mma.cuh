#pragma once

#include "ptx/convert.cuh"
#include "ptx/memory.cuh"

/// A number of a pair.
__device__ __forceinline__ float halfOf(u32 pair, int half) {
  return half ? highBFloat16(pair) : lowBFloat16(pair);
}

/// Row `lane/4` (+8), columns `2·(lane mod 4)` (+8, +1) of A are in the registers 0 (1) and (2, 3); B is the same
/// transposed.
__device__ __forceinline__ void multiply(float* d, const u32* a, u32 b0, u32 b1) {
  const u32 words[6] = {a[0], a[1], a[2], a[3], b0, b1};
  const emulated::Words* all = emulated::publish(words, 6);
  const int lane = emulated::lane(), row = lane / 4, column = lane % 4 * 2;
  for (int r = 0; r < 2; r++) {
    for (int c = 0; c < 2; c++) {
      float sum = d[2 * r + c];
      for (int k = 0; k < 16; k++) {
        const u32 left = all[row * 4 + k % 8 / 2][k / 8 * 2 + r];
        const u32 right = all[(column + c) * 4 + k % 8 / 2][4 + k / 8];
        sum += halfOf(left, k % 2) * halfOf(right, k % 2);
      }
      d[2 * r + c] = sum;
    }
  }
}

/// Lanes 8i..8i+7 name the rows of square i; each lane gets columns `2·(lane mod 4)` of row `lane/4`.
__device__ __forceinline__ void loadSquares(u32 (&m)[4], u32 address) {
  const emulated::Words* all = emulated::publish(&address, 1);
  const int lane = emulated::lane();
  for (int square = 0; square < 4; square++)
    m[square] = loadShared(all[8 * square + lane / 4][0] + lane % 4 * 4);
}

__device__ __forceinline__ void loadSquaresTransposed(u32 (&m)[4], u32 address) {
  const emulated::Words* all = emulated::publish(&address, 1);
  const int lane = emulated::lane();
  for (int square = 0; square < 4; square++) {
    u16 pair[2];
    for (int half = 0; half < 2; half++) {
      const u32 row = all[8 * square + lane % 4 * 2 + half][0];
      std::memcpy(&pair[half], sharedPointer(row + lane / 4 * 2), 2);
    }
    m[square] = static_cast<u32>(pair[1]) << 16 | pair[0];
  }
}
