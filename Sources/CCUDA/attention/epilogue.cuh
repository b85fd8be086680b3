#pragma once

#include "parameters.cuh"
#include "ptx/convert.cuh"

/// Where a packed row lies in the sequence, or -1 for a row that does not exist.
__device__ __forceinline__ i32 sequenceRow(const Geometry& geometry, i32 row, bool tokenMajor) {
  const i32 token = row - geometry.videoRows;
  if (token >= 0)
    return token < geometry.textTokens ? geometry.textStart + token : -1;
  if (row >= geometry.videoTokens)
    return -1;
  if (!tokenMajor)
    return geometry.videoStart + row;
  return geometry.videoStart + frameMajor(geometry, row);
}

/// Whether a packed row is padded text, whose output is zero.
__device__ __forceinline__ bool isPaddedText(const Geometry& geometry, i32 row) {
  return row >= geometry.videoRows + geometry.validText;
}

/// Exchanges a 4×4 square within the four threads of a row: thread `lane` gets what they hold at `v[lane]`.
__device__ __forceinline__ void transposeInRow(u32 (&v)[4], u32 lane) {
#pragma unroll
  for (int i = 0; i < 4; i += 2) {
    const u32 sent = lane & 1 ? v[i] : v[i + 1];
    const u32 got = __shfl_xor_sync(0xFFFFFFFFu, sent, 1);
    (lane & 1 ? v[i] : v[i + 1]) = got;
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const u32 sent = lane & 2 ? v[i] : v[i + 2];
    const u32 got = __shfl_xor_sync(0xFFFFFFFFu, sent, 2);
    (lane & 2 ? v[i] : v[i + 2]) = got;
  }
}

/// Scales a thread's two rows of a product and scatters them to their rows of the sequence, 16 bytes at a time.
/// - Parameter row: The first of the two packed rows; the other is 8 further on.
/// - Parameter base: Column 0 of the head in row 0 of the sequence.
template <int kCount>
__device__ __forceinline__ void storeRows(const float (&output)[kCount], const float (&inverse)[2],
                                          const Geometry& geometry, i32 row, i32 lastRow, bool tokenMajor, u16* base,
                                          i64 stride) {
  const u32 lane = threadIdx.x % 4;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const i32 packedRow = row + 8 * r;
    const i32 target = packedRow < lastRow ? sequenceRow(geometry, packedRow, tokenMajor) : -1;
    const bool isZero = isPaddedText(geometry, packedRow);
    u16* line = base + static_cast<i64>(target) * stride + lane * 8;
#pragma unroll
    for (int j = 0; j < kCount / 4; j += 4) {
      u32 words[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int at = (j + i) * 4 + 2 * r;
        words[i] = packBFloat16(output[at] * inverse[r], output[at + 1] * inverse[r]);
      }
      transposeInRow(words, lane);
      if (target >= 0) {
        const Quad quad = isZero ? Quad{0, 0, 0, 0} : Quad{words[0], words[1], words[2], words[3]};
        *reinterpret_cast<Quad*>(line + j * 8) = quad;
      }
    }
  }
}
