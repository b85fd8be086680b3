// Sampled query rows against all keys and under both bands, in one pass over keys and values.
//
// For each head and sampled row three averages of the values: over all keys, over the spatial band (|i − j| < w in
// frame-major order) and over the temporal band (the same in token-major order); text keys are always kept. The errors
// are mean squared differences to the first (Algorithm 1 of arXiv:2502.01776). All heads are placed frame-major; the
// other index of a key is computed from it. Reads keys and values once for each 64 sampled rows; the keys are split
// over blocks, whose sums `combineProfiles` joins in a fixed order. Measured on an H200: 1.32 ms for 64 rows of 24
// heads of 128 and 119056 tokens, 0.6 % of dense attention.
#pragma once

#include "softmax.cuh"
#include "warp_products.cuh"

#if !defined(HEAD_DIMENSION) || !defined(KERNEL)
#error "the file that includes this says HEAD_DIMENSION and the name of the KERNEL"
#endif

constexpr int kDimension = HEAD_DIMENSION;
/// Sampled rows of a block.
constexpr int kRows = 64;
/// Columns that a warp sums: more do not fit its registers.
constexpr int kColumns = 64;
/// Warps that share 16 rows: each computes the scores, and sums its own columns.
constexpr int kSharing = kDimension / kColumns;
constexpr int kThreads = kRows / 16 * kSharing * 32;
constexpr int kCombiningThreads = 1024;
/// Keys that are in registers at a time: with more, three outputs do not fit.
constexpr int kPartKeys = 32;
/// All keys, the spatial band, the temporal band.
constexpr int kMasks = 3;
constexpr u32 kQueryBytes = kRows * kDimension * 2;
constexpr u32 kStageBytes = kStepKeys * kDimension * 2;

struct ProfileParameters {
  Geometry geometry;
  /// Tiles of all heads, frame-major. Products of queries and keys are exponents of two.
  const u8* queries;
  const u8* keys;
  const u8* values;
  /// Sampled video tokens in frame-major order.
  const i32* samples;
  /// `[H, row groups, splits, 64]` rows of maximum, three sums and three vectors of D sums: see `recordOf`.
  float* scratch;
  /// `[H, 2]`: the mean squared differences with the spatial and with the temporal band.
  float* errors;
  /// `[H]`: 1 where the error with the temporal band is smaller, else 0.
  i32* patterns;
  i32 sampleCount;
  i32 splits;
  i32 halfWidth[2];
};

/// Floats of a row in the scratch memory.
constexpr int kRecord = 4 + kMasks * kDimension;

__device__ __forceinline__ float* recordOf(const ProfileParameters& p, i32 head, i32 rowGroup, i32 split, i32 row) {
  const i32 rowGroups = (p.sampleCount + kRows - 1) / kRows;
  return p.scratch + ((static_cast<i64>(head * rowGroups + rowGroup) * p.splits + split) * kRows + row) * kRecord;
}

/// Grid: splits of each group of 64 sampled rows, heads.
extern "C" __global__ void __launch_bounds__(kThreads, 2 / kSharing)
    KERNEL(const __grid_constant__ ProfileParameters p) {
  extern __shared__ __align__(1024) u8 memory[];
  // A key's index in both orders, or a number that is near to every row for text and to none for what does not exist.
  __shared__ i32 keyPlaces[2][2][kStepKeys];
  const u32 queries = sharedAddress(memory), stages = queries + kQueryBytes;
  const Geometry& g = p.geometry;
  const i32 split = static_cast<i32>(blockIdx.x) % p.splits, head = static_cast<i32>(blockIdx.y);
  const i32 rowGroup = static_cast<i32>(blockIdx.x) / p.splits;
  const i64 offset = headOffset<kDimension>(g, head);
  const i32 lane = static_cast<i32>(threadIdx.x % 32), warp = static_cast<i32>(threadIdx.x / 32);
  const u32 warpRow = static_cast<u32>(warp / kSharing * 16);
  const u32 firstPiece = static_cast<u32>(warp % kSharing * (kColumns / 8));

  // Steps of 64 keys of the whole packed order; the last of the text may be empty.
  const i32 allSteps = (g.videoRows + g.validText + kStepKeys - 1) / kStepKeys;
  const i32 firstStep = static_cast<i32>(static_cast<i64>(allSteps) * split / p.splits);
  const i32 lastStep = static_cast<i32>(static_cast<i64>(allSteps) * (split + 1) / p.splits);

  const auto sampled = [&](i32 row) {
    const i32 index = rowGroup * kRows + row;
    return p.samples[index < p.sampleCount ? index : 0];
  };
  const auto load = [&](i32 step, i32 buffer) {
    const i64 tile = offset + static_cast<i64>(step / 2) * kTileBytes<kDimension>;
    const u32 stage = stages + static_cast<u32>(buffer) * 2 * kStageBytes;
    copyHalfTile<kDimension, kThreads>(stage, p.keys + tile, step % 2);
    copyHalfTile<kDimension, kThreads>(stage + kStageBytes, p.values + tile, step % 2);
    if (threadIdx.x < kStepKeys) {
      const i32 key = step * kStepKeys + static_cast<i32>(threadIdx.x);
      const bool isText = key >= g.videoRows;
      const bool exists = isText ? key < g.videoRows + g.validText : key < g.videoTokens;
      keyPlaces[buffer][0][threadIdx.x] = !exists ? -2 : isText ? -1 : key;
      keyPlaces[buffer][1][threadIdx.x] = !exists || isText ? 0 : tokenMajor(g, key);
    }
  };

  for (i32 at = static_cast<i32>(threadIdx.x); at < kRows * kDimension / 8; at += kThreads) {
    const i32 row = at / (kDimension / 8), piece = at % (kDimension / 8);
    copyAsync(queries + stageOffset<kRows>(static_cast<u32>(row), static_cast<u32>(piece)),
              p.queries + offset + pieceOffset<kDimension>(sampled(row), piece));
  }
  if (firstStep < lastStep)
    load(firstStep, 0);
  commitCopies();

  const u32 leftRows = leftAddress<kRows>(queries, warpRow);
  i32 places[2][2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    places[r][0] = sampled(static_cast<i32>(warpRow) + lane / 4 + 8 * r);
    places[r][1] = tokenMajor(g, places[r][0]);
  }
  float maximum[2] = {kDropped, kDropped};
  float sums[kMasks][2] = {};
  float output[kMasks][kColumns / 2];
#pragma unroll
  for (int m = 0; m < kMasks; ++m) {
#pragma unroll
    for (int i = 0; i < kColumns / 2; ++i)
      output[m][i] = 0.0f;
  }

#pragma unroll 1
  for (i32 step = firstStep; step < lastStep; ++step) {
    const i32 buffer = (step - firstStep) % 2;
    waitForCopies<0>();
    __syncthreads();
    if (step + 1 < lastStep)
      load(step + 1, 1 - buffer);
    commitCopies();
    const u32 keyRows = keysAddress(stages) + static_cast<u32>(buffer) * 2 * kStageBytes;
    const u32 valueRows = valuesAddress(stages + kStageBytes, firstPiece) + static_cast<u32>(buffer) * 2 * kStageBytes;
#pragma unroll 1
    for (u32 part = 0; part < kStepKeys / kPartKeys; ++part) {
      float scores[1][kPartKeys / 2];
      multiplyKeys<kDimension, kRows, 1, kPartKeys>(scores, leftRows, keyRows + part * (kPartKeys * 128));

      // One maximum serves the three softmaxes: that of all keys.
      float largest[2] = {maximum[0], maximum[1]};
      u32 kept[kMasks] = {};
#pragma unroll
      for (int i = 0; i < kPartKeys / 4; ++i) {
        // A column of both rows at a time.
        const i32 column = static_cast<i32>(part) * kPartKeys + i / 2 * 8 + lane % 4 * 2 + i % 2;
        const volatile i32* own = &keyPlaces[buffer][0][column];
        const i32 key = own[0], keyInTime = own[kStepKeys];
        const bool exists = key != -2, isText = key == -1;
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          const int at = i / 2 * 4 + 2 * r + i % 2;
          kept[0] |= static_cast<u32>(exists) << at;
          kept[1] |= static_cast<u32>(exists && (isText || abs(key - places[r][0]) < p.halfWidth[0])) << at;
          kept[2] |= static_cast<u32>(exists && (isText || abs(keyInTime - places[r][1]) < p.halfWidth[1])) << at;
          if (!exists)
            scores[0][at] = kDropped;
          largest[r] = fmaxf(largest[r], scores[0][at]);
        }
      }
      float factor[2];
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        largest[r] = largestOfRow(largest[r]);
        factor[r] = exp2Approximate(maximum[r] - largest[r]);
        maximum[r] = largest[r];
      }
      u32 pairs[kPartKeys / 4];
#pragma unroll
      for (int i = 0; i < kPartKeys / 2; i += 2) {
        const float shift = largest[i % 4 / 2];
        pairs[i / 2] = packBFloat16(exp2Approximate(scores[0][i] - shift), exp2Approximate(scores[0][i + 1] - shift));
      }
#pragma unroll
      for (int m = 0; m < kMasks; ++m) {
        u32 masked[kPartKeys / 4];
#pragma unroll
        for (int r = 0; r < 2; ++r)
          sums[m][r] *= factor[r];
#pragma unroll
        for (int i = 0; i < kPartKeys / 4; ++i) {
          masked[i] = pairs[i] & ((kept[m] >> (2 * i) & 1) * 0xFFFFu | (kept[m] >> (2 * i + 1) & 1) * 0xFFFF0000u);
          sums[m][i % 2] += lowBFloat16(masked[i]) + highBFloat16(masked[i]);
        }
#pragma unroll
        for (int i = 0; i < kColumns / 2; ++i)
          output[m][i] *= factor[i % 4 / 2];
        // A step that is outside the band of all 16 rows adds nothing.
        if (m > 0 && !__any_sync(0xFFFFFFFFu, kept[m] != 0))
          continue;
#pragma unroll
        for (int k = 0; k < kPartKeys / 16; ++k) {
#pragma unroll
          for (int n = 0; n < kColumns / 16; ++n) {
            u32 b[4];
            loadValues(b, valueRows + part * (kPartKeys * 128), k, n);
            multiply(&output[m][8 * n], &masked[4 * k], b[0], b[1]);
            multiply(&output[m][8 * n + 4], &masked[4 * k], b[2], b[3]);
          }
        }
      }
    }
  }

#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float* record = recordOf(p, head, rowGroup, split, static_cast<i32>(warpRow) + lane / 4 + 8 * r);
#pragma unroll
    for (int m = 0; m < kMasks; ++m) {
      sums[m][r] = sumOfRow(sums[m][r]);
      if (warp % kSharing == 0 && lane % 4 == 0)
        record[1 + m] = sums[m][r];
#pragma unroll
      for (int j = 0; j < kColumns / 8; ++j) {
        const i32 column = static_cast<i32>(firstPiece) * 8 + j * 8 + lane % 4 * 2;
        record[4 + m * kDimension + column] = output[m][4 * j + 2 * r];
        record[4 + m * kDimension + column + 1] = output[m][4 * j + 2 * r + 1];
      }
    }
    if (warp % kSharing == 0 && lane % 4 == 0)
      record[0] = maximum[r];
  }
}

/// Joins the splits, compares and chooses. Grid: heads. A thread takes a column of every eighth (D = 64: sixteenth)
/// row.
extern "C" __global__ void __launch_bounds__(kCombiningThreads)
    COMBINE_KERNEL(const __grid_constant__ ProfileParameters p) {
  __shared__ float partial[2][kCombiningThreads];
  const i32 head = static_cast<i32>(blockIdx.x);
  const i32 column = static_cast<i32>(threadIdx.x) % kDimension;
  float errors[2] = {0.0f, 0.0f};
  for (i32 index = static_cast<i32>(threadIdx.x) / kDimension; index < p.sampleCount;
       index += kCombiningThreads / kDimension) {
    float maximum = kDropped;
    for (i32 split = 0; split < p.splits; ++split)
      maximum = fmaxf(maximum, recordOf(p, head, index / kRows, split, index % kRows)[0]);
    float weight[kMasks] = {}, sum[kMasks] = {};
    for (i32 split = 0; split < p.splits; ++split) {
      const float* record = recordOf(p, head, index / kRows, split, index % kRows);
      const float factor = exp2Approximate(record[0] - maximum);
#pragma unroll
      for (int m = 0; m < kMasks; ++m) {
        weight[m] += factor * record[1 + m];
        sum[m] += factor * record[4 + m * kDimension + column];
      }
    }
    const float full = sum[0] / weight[0];
#pragma unroll
    for (int m = 1; m < kMasks; ++m) {
      // A row is in its own band; its weight is zero only if it is less than 2^-126 of the largest.
      const float difference = (weight[m] > 0.0f ? sum[m] / weight[m] : 0.0f) - full;
      errors[m - 1] = fmaf(difference, difference, errors[m - 1]);
    }
  }
#pragma unroll
  for (int m = 0; m < 2; ++m)
    partial[m][threadIdx.x] = errors[m];
  for (u32 half = kCombiningThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
#pragma unroll
      for (int m = 0; m < 2; ++m)
        partial[m][threadIdx.x] += partial[m][threadIdx.x + half];
    }
  }
  if (threadIdx.x == 0) {
    const float count = static_cast<float>(p.sampleCount) * kDimension;
    const float spatial = partial[0][0] / count, temporal = partial[1][0] / count;
    p.errors[2 * head] = spatial;
    p.errors[2 * head + 1] = temporal;
    p.patterns[head] = temporal < spatial ? 1 : 0;
  }
}
