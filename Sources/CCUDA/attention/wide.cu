// Attention of autoencoders: O = softmax(Q·Kᵀ·scale)·V for heads of up to 512 elements, over any number of keys.
//
// A block has 32 query rows of a head and walks the keys in tiles of 32. Keys and values take turns in one buffer, so
// that two blocks fit a multiprocessor and hide each other's copies; values are copied under the softmax. Eight warps
// have a square of 16 rows and 8 keys of the scores each, four rows of the softmax, and 64 columns of the output.
// Columns from the dimension on are zeros in shared memory. 4·512 operations for each pair. Not run on a GPU yet.

#include "common/reduce.cuh"
#include "ptx/convert.cuh"
#include "ptx/memory.cuh"
#include "ptx/mma.cuh"

constexpr int kWidth = 512;
constexpr int kRows = 32;
constexpr int kKeys = 32;
constexpr int kThreads = 256;
constexpr u32 kTileBytes = kRows * kWidth * 2;
/// Words of a row of scores; an odd number of times 16 bytes.
constexpr int kScoreStride = 36;
/// Stands for no score. Finite, so that differences of two of them are numbers.
constexpr float kNothing = -1e30f;

struct WideParameters {
  /// `[m, H·D]`.
  const u16* queries;
  /// `[n, K·D]`.
  const u16* keys;
  const u16* values;
  /// `[m, H·D]`.
  u16* output;
  i32 rows, keyCount;
  i32 heads, keyHeads, dimension;
  /// The factor of the scores times log₂ e.
  float scale;
};

/// Where 16 bytes of a row lie in a tile: exchanged so that the eight rows that ldmatrix reads at once fall into
/// different banks.
__device__ __forceinline__ u32 placeOf(u32 tile, int row, int piece) {
  return tile + static_cast<u32>(row * (kWidth * 2) + ((piece ^ (row % 8)) << 4));
}

/// Begins to copy 32 rows; zeros where there are none.
__device__ __forceinline__ void copyRows(u32 tile, const u16* source, i64 stride, i32 rows, i32 dimension) {
  constexpr int kPieces = kWidth / 8;
  const int piece = threadIdx.x % kPieces;
#pragma unroll 2
  for (int row = threadIdx.x / kPieces; row < kRows; row += kThreads / kPieces) {
    const bool exists = row < rows && piece * 8 < dimension;
    copyAsync(placeOf(tile, row, piece), exists ? source + row * stride + piece * 8 : source, exists);
  }
  commitCopies();
}

/// Grid: groups of 32 rows, heads. Shared memory: two tiles.
extern "C" __global__ void __launch_bounds__(kThreads, 2) attend_wide(const __grid_constant__ WideParameters p) {
  extern __shared__ __align__(1024) u8 memory[];
  // Scores, and in the same rows the weights that they become.
  __shared__ __align__(16) float scores[kRows][kScoreStride];
  __shared__ float factors[kRows];
  const u32 queries = sharedAddress(memory), tile = queries + kTileBytes;
  const u32 scoreRows = sharedAddress(scores);
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const i32 firstRow = static_cast<i32>(blockIdx.x) * kRows, head = blockIdx.y;
  const i64 stride = static_cast<i64>(p.heads) * p.dimension, keyStride = static_cast<i64>(p.keyHeads) * p.dimension;
  const i64 keyHead = static_cast<i64>(head / (p.heads / p.keyHeads)) * p.dimension;
  const u16* keys = p.keys + keyHead;
  const u16* values = p.values + keyHead;

  float output[2][32] = {};
  // Of the four rows of this warp's softmax, in every lane.
  float maximum[4], total[4];
#pragma unroll
  for (int own = 0; own < 4; own++) {
    maximum[own] = kNothing;
    total[own] = 0.0f;
  }

  copyRows(queries, p.queries + firstRow * stride + static_cast<i64>(head) * p.dimension, stride, p.rows - firstRow,
           p.dimension);
#pragma unroll 1
  for (i32 firstKey = 0; firstKey < p.keyCount; firstKey += kKeys) {
    const i32 left = p.keyCount - firstKey;
    copyRows(tile, keys + firstKey * keyStride, keyStride, left, p.dimension);
    waitForCopies<0>();
    __syncthreads();

    float square[4] = {};
    const int strip = warp / 4, group = warp % 4;
#pragma unroll 4
    for (int step = 0; step < kWidth / 32; step++) {
      u32 a[2][4], b[4];
      loadSquares(b, placeOf(tile, group * 8 + lane % 8, 4 * step + lane / 8));
#pragma unroll
      for (int half = 0; half < 2; half++) {
        loadSquares(a[half], placeOf(queries, strip * 16 + lane % 16, 4 * step + 2 * half + lane / 16));
        multiply(square, a[half], b[2 * half], b[2 * half + 1]);
      }
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
      scores[strip * 16 + lane / 4 + i / 2 * 8][group * 8 + lane % 4 * 2 + i % 2] = square[i];
    __syncthreads();
    copyRows(tile, values + firstKey * keyStride, keyStride, left, p.dimension);

#pragma unroll
    for (int own = 0; own < 4; own++) {
      const int row = warp * 4 + own;
      const bool exists = lane < left;
      const float score = exists ? scores[row][lane] * p.scale : kNothing;
      const float highest = fmaxf(maximum[own], warpMax(score));
      const float factor = exp2Approximate(maximum[own] - highest);
      const u16 weight = exists ? toBFloat16(exp2Approximate(score - highest)) : u16(0);
      maximum[own] = highest;
      total[own] = total[own] * factor + warpSum(fromBFloat16(weight));
      __syncwarp();
      reinterpret_cast<u16*>(scores[row])[lane] = weight;
      if (lane == 0)
        factors[row] = factor;
    }
    waitForCopies<0>();
    __syncthreads();

#pragma unroll
    for (int s = 0; s < 2; s++) {
      const float upper = factors[s * 16 + lane / 4], lower = factors[s * 16 + lane / 4 + 8];
#pragma unroll
      for (int i = 0; i < 32; i++)
        output[s][i] *= i % 4 < 2 ? upper : lower;
    }
#pragma unroll
    for (int k = 0; k < kKeys / 16; k++) {
      u32 a[2][4];
#pragma unroll
      for (int s = 0; s < 2; s++)
        loadSquares(a[s], scoreRows + (s * 16 + lane % 16) * (kScoreStride * 4) + (2 * k + lane / 16) * 16);
#pragma unroll
      for (int n = 0; n < 4; n++) {
        u32 b[4];
        loadSquaresTransposed(b, placeOf(tile, k * 16 + lane % 16, warp * 8 + 2 * n + lane / 16));
#pragma unroll
        for (int s = 0; s < 2; s++) {
          multiply(&output[s][8 * n], a[s], b[0], b[1]);
          multiply(&output[s][8 * n + 4], a[s], b[2], b[3]);
        }
      }
    }
    __syncthreads();
  }

#pragma unroll
  for (int own = 0; own < 4; own++) {
    if (lane == 0)
      factors[warp * 4 + own] = 1.0f / total[own];
  }
  __syncthreads();
#pragma unroll
  for (int s = 0; s < 2; s++) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
      const int row = s * 16 + lane / 4 + 8 * r;
      if (firstRow + row >= p.rows)
        continue;
      u16* target = p.output + (firstRow + row) * stride + static_cast<i64>(head) * p.dimension;
#pragma unroll
      for (int n = 0; n < 8; n++) {
        const int column = warp * 64 + n * 8 + lane % 4 * 2;
        if (column < p.dimension) {
          *reinterpret_cast<u32*>(target + column) =
              packBFloat16(output[s][4 * n + 2 * r] * factors[row], output[s][4 * n + 2 * r + 1] * factors[row]);
        }
      }
    }
  }
}
