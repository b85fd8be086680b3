// Rounding of prepared heads of 128 elements to e4m3 (see `float8.cuh`), in three kernels: sums and limits of parts of
// a head, what they come to, and the rounding itself.
//
// Reads `[3, H, rows, 128]` bfloat16 tiles: keys and values twice, queries once. Writes the same in e4m3, half the
// bytes, with values transposed: 1664·H bytes move for each row, 3.6 TB/s on an H200 with S = 119056. Rows that do not
// exist stay zero.
#include "common/reduce.cuh"
#include "float8.cuh"
#include "ptx/convert.cuh"
#include "ptx/memory.cuh"

constexpr int kDimension = 128;
constexpr int kThreads = 256;
/// Pieces of 8 bfloat16 in a row.
constexpr int kPieces = kDimension / 8;
/// The tiles that one block of the first kernel measures.
constexpr int kMeasuredTiles = 8;
/// What is measured of each channel: the sum, the least and the largest key, the largest magnitude of a value.
constexpr int kMeasures = 4;

struct QuantizeParameters {
  Geometry geometry;
  /// Tiles of queries, then keys, then values: bfloat16, and e4m3.
  const u8* tiles;
  u8* output;
  /// `[H, parts, 4, 128]`: the measures of every 8 tiles.
  float* parts;
  /// `[H, tiles]`.
  float* queryScales;
  /// `[H]`.
  HeadStatistics* statistics;
};

__device__ __forceinline__ i32 tileCount(const Geometry& g) {
  return g.rows / kTileRows;
}

__device__ __forceinline__ i32 partCount(const Geometry& g) {
  return (tileCount(g) + kMeasuredTiles - 1) / kMeasuredTiles;
}

/// The tiles of queries (0), keys (1) or values (2) of a head.
__device__ __forceinline__ const u8* headTiles(const QuantizeParameters& p, i32 kind, i32 head) {
  return p.tiles + headOffset<kDimension>(p.geometry, kind * p.geometry.heads + head);
}

__device__ __forceinline__ void unpack(const Quad& q, float* x) {
  const u32 words[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    x[2 * i] = lowBFloat16(words[i]);
    x[2 * i + 1] = highBFloat16(words[i]);
  }
}

/// Measures the channels of a part of a head. Grid: parts, heads. A thread takes 8 channels of every 16th row.
extern "C" __global__ void __launch_bounds__(kThreads) measure_d128(const __grid_constant__ QuantizeParameters p) {
  __shared__ float shared[kThreads / kPieces][kMeasures][kDimension];
  const Geometry& g = p.geometry;
  const i32 part = static_cast<i32>(blockIdx.x), head = static_cast<i32>(blockIdx.y);
  const i32 first = static_cast<i32>(threadIdx.x) / kPieces, piece = static_cast<i32>(threadIdx.x) % kPieces;
  const u8* keys = headTiles(p, 1, head);
  const u8* values = headTiles(p, 2, head);
  float sum[8], least[8], largest[8], magnitude[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    sum[i] = 0.0f;
    least[i] = 1e38f;
    largest[i] = -1e38f;
    magnitude[i] = 0.0f;
  }
  const i32 end = min(g.rows, (part + 1) * kMeasuredTiles * kTileRows);
#pragma unroll 4
  for (i32 row = part * kMeasuredTiles * kTileRows + first; row < end; row += kThreads / kPieces) {
    if (!exists(g, row))
      continue;
    const i64 place = pieceOffset<kDimension>(row, piece);
    float key[8], value[8];
    unpack(loadQuad(keys + place), key);
    unpack(loadQuad(values + place), value);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      sum[i] += key[i];
      least[i] = fminf(least[i], key[i]);
      largest[i] = fmaxf(largest[i], key[i]);
      magnitude[i] = fmaxf(magnitude[i], fabsf(value[i]));
    }
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const i32 channel = 8 * piece + i;
    shared[first][0][channel] = sum[i];
    shared[first][1][channel] = least[i];
    shared[first][2][channel] = largest[i];
    shared[first][3][channel] = magnitude[i];
  }
  __syncthreads();
  float* target = p.parts + (static_cast<i64>(head) * partCount(g) + part) * (kMeasures * kDimension);
  for (i32 index = static_cast<i32>(threadIdx.x); index < kMeasures * kDimension; index += kThreads) {
    const i32 measure = index / kDimension, channel = index % kDimension;
    float joined = shared[0][measure][channel];
    for (int row = 1; row < kThreads / kPieces; ++row) {
      const float next = shared[row][measure][channel];
      joined = measure == 0 ? joined + next : measure == 1 ? fminf(joined, next) : fmaxf(joined, next);
    }
    target[index] = joined;
  }
}

/// The factor of e4m3 numbers for numbers up to `largest`.
__device__ __forceinline__ float scaleOf(float largest) {
  return largest > 0.0f ? largest / kLargestFloat8 : 1.0f;
}

/// Joins the parts of a head. Grid: heads. A thread takes a channel.
extern "C" __global__ void __launch_bounds__(kDimension)
    combine_measures_d128(const __grid_constant__ QuantizeParameters p) {
  __shared__ float scratch[kDimension / 32];
  const Geometry& g = p.geometry;
  const i32 head = static_cast<i32>(blockIdx.x), channel = static_cast<i32>(threadIdx.x);
  const float* measures = p.parts + static_cast<i64>(head) * partCount(g) * (kMeasures * kDimension) + channel;
  float sum = 0.0f, least = 1e38f, largest = -1e38f, magnitude = 0.0f;
  for (i32 part = 0; part < partCount(g); ++part, measures += kMeasures * kDimension) {
    sum += measures[0];
    least = fminf(least, measures[kDimension]);
    largest = fmaxf(largest, measures[2 * kDimension]);
    magnitude = fmaxf(magnitude, measures[3 * kDimension]);
  }
  const float mean = sum / static_cast<float>(g.videoTokens + g.validText);
  const float farthest = blockMax(fmaxf(largest - mean, mean - least), scratch);
  magnitude = blockMax(magnitude, scratch);
  HeadStatistics& statistics = p.statistics[head];
  statistics.keyMean[channel] = mean;
  if (channel == 0) {
    statistics.keyScale = scaleOf(farthest);
    statistics.valueScale = scaleOf(magnitude);
  }
}

/// Sixteen elements of a row, rounded.
__device__ __forceinline__ Quad packSixteen(const float* x) {
  return {packFloat8(x[0], x[1], x[2], x[3]), packFloat8(x[4], x[5], x[6], x[7]), packFloat8(x[8], x[9], x[10], x[11]),
          packFloat8(x[12], x[13], x[14], x[15])};
}

/// Where a row of values begins in shared memory: every 16 rows are 16 bytes further on, so that eight pieces of a
/// transposed row lie in different banks.
__device__ __forceinline__ u32 stagedRow(u32 row) {
  return row * 128 + row / 16 * 16;
}

/// Rounds a tile of queries, of keys and of values. Grid: tiles, heads. A thread takes 16 elements of every 32nd row.
extern "C" __global__ void __launch_bounds__(kThreads) quantize_d128(const __grid_constant__ QuantizeParameters p) {
  constexpr int kRowThreads = kDimension / 16;
  constexpr int kRounds = kTileRows * kRowThreads / kThreads;
  __shared__ float scratch[kThreads / 32];
  __shared__ __align__(16) u8 staged[kTileRows * 128 + kTileRows / 16 * 16];
  const Geometry& g = p.geometry;
  const i32 tile = static_cast<i32>(blockIdx.x), head = static_cast<i32>(blockIdx.y);
  const i32 first = static_cast<i32>(threadIdx.x) / kRowThreads, piece = static_cast<i32>(threadIdx.x) % kRowThreads;
  const HeadStatistics& statistics = p.statistics[head];
  const auto load = [&](i32 kind, i32 round, float* x) {
    const i32 row = tile * kTileRows + first + round * (kThreads / kRowThreads);
    const u8* source = headTiles(p, kind, head);
    unpack(loadQuad(source + pieceOffset<kDimension>(row, 2 * piece)), x);
    unpack(loadQuad(source + pieceOffset<kDimension>(row, 2 * piece + 1)), x + 8);
  };
  const auto target = [&](i32 kind, u32 row, u32 sixteen) {
    const i64 offset = headOffset<kDimension, 1>(g, kind * g.heads + head);
    return reinterpret_cast<Quad*>(p.output + offset + static_cast<i64>(tile) * kTileBytes<kDimension, 1> +
                                   float8PieceOffset(row, sixteen));
  };

  float queries[kRounds][16], largest = 0.0f;
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {
    load(0, round, queries[round]);
#pragma unroll
    for (int i = 0; i < 16; ++i)
      largest = fmaxf(largest, fabsf(queries[round][i]));
  }
  const float queryScale = scaleOf(blockMax(largest, scratch));
  if (threadIdx.x == 0)
    p.queryScales[static_cast<i64>(head) * tileCount(g) + tile] = queryScale;
  const float inverseQuery = 1.0f / queryScale, inverseKey = 1.0f / statistics.keyScale;
  const float inverseValue = 1.0f / statistics.valueScale;

#pragma unroll
  for (int round = 0; round < kRounds; ++round) {
    const i32 row = first + round * (kThreads / kRowThreads);
    float x[16];
#pragma unroll
    for (int i = 0; i < 16; ++i)
      x[i] = queries[round][i] * inverseQuery;
    *target(0, row, piece) = packSixteen(x);

    load(1, round, x);
    const float factor = exists(g, tile * kTileRows + row) ? inverseKey : 0.0f;
#pragma unroll
    for (int i = 0; i < 16; ++i)
      x[i] = (x[i] - statistics.keyMean[16 * piece + i]) * factor;
    *target(1, row, piece) = packSixteen(x);

    load(2, round, x);
#pragma unroll
    for (int i = 0; i < 16; ++i)
      x[i] *= inverseValue;
    *reinterpret_cast<Quad*>(staged + stagedRow(row) + 16 * piece) = packSixteen(x);
  }
  __syncthreads();
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {
    const i32 channel = first + round * (kThreads / kRowThreads);
    u32 words[4];
#pragma unroll
    for (int word = 0; word < 4; ++word) {
      words[word] = 0;
#pragma unroll
      for (int byte = 0; byte < 4; ++byte) {
        const u32 key = float8Key(16 * piece + 4 * word + byte);
        words[word] |= static_cast<u32>(staged[stagedRow(key) + channel]) << (8 * byte);
      }
    }
    *target(2, channel, piece) = {words[0], words[1], words[2], words[3]};
  }
}
