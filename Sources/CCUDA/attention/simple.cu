// Attention in its plainest form on any GPU: what the fast kernels are compared with, and what runs where they do not.
//
// Packed order is the video in a head's own order, padded to whole blocks, then the text, padded to whole blocks.
// Packed tensors are `[H, rows, D]` of bfloat16; padding is zero. Scores, sums and the softmax are float32.

#include "common/reduce.cuh"
#include "geometry.cuh"
#include "ptx/convert.cuh"

/// The most elements of a head; a multiple of 64.
constexpr int kMostDimension = 256;
constexpr u32 kFull = 0xFFFFFFFFu;
/// Stands for no score. Finite, so that differences of two of them are numbers.
constexpr float kNothing = -1e30f;

struct PrepareParameters {
  Geometry geometry;
  Patterns patterns;
  Segment video, text;
  /// Queries, then keys, then values: `[3, H, rows, D]`.
  u16* output;
};

/// Normalizes, rotates and places queries, keys and values. A warp takes a packed row of a head. Grid: rows, groups of
/// 4 heads.
extern "C" __global__ void __launch_bounds__(128) simple_prepare(const __grid_constant__ PrepareParameters p) {
  const Geometry& g = p.geometry;
  const i32 row = blockIdx.x;
  const i32 head = blockIdx.y * 4 + threadIdx.x / 32;
  const i32 lane = threadIdx.x % 32;
  if (head >= g.heads)
    return;
  const bool isVideo = row < g.videoRows;
  const i32 index = isVideo ? row : row - g.videoRows;
  const bool exists = index < (isVideo ? g.videoTokens : g.validText);
  const Segment& segment = isVideo ? p.video : p.text;
  const i64 token = isVideo && exists && isTokenMajor(p.patterns, head) ? frameMajor(g, index) : index;
  const i32 pairs = g.dimension / 2;

  for (int part = 0; part < 3; part++) {
    u16* target = p.output + ((static_cast<i64>(part) * g.heads + head) * g.rows + row) * g.dimension;
    if (!exists) {
      for (i32 pair = lane; pair < pairs; pair += 32) {
        target[2 * pair] = 0;
        target[2 * pair + 1] = 0;
      }
      continue;
    }
    const u16* source = segment.packed + ((token * 3 + part) * g.heads + head) * g.dimension;
    const bool isNormalized = part < 2 && segment.norm != 0;
    float mean = 0;
    float factor = 1;
    if (isNormalized) {
      if (segment.norm == 1) {
        float sum = 0;
        for (i32 element = lane; element < g.dimension; element += 32)
          sum += fromBFloat16(source[element]);
        mean = warpSum(sum) / g.dimension;
      }
      float squares = 0;
      for (i32 element = lane; element < g.dimension; element += 32) {
        const float distance = fromBFloat16(source[element]) - mean;
        squares += distance * distance;
      }
      factor = rsqrtf(warpSum(squares) / g.dimension + segment.epsilon);
    }
    const float* weight = part == 0 ? segment.queryWeight : segment.keyWeight;
    const float* bias = part == 0 ? segment.queryBias : segment.keyBias;
    for (i32 pair = lane; pair < pairs; pair += 32) {
      float value[2];
#pragma unroll
      for (int element = 0; element < 2; element++) {
        value[element] = (fromBFloat16(source[2 * pair + element]) - mean) * factor;
        if (isNormalized && weight != nullptr)
          value[element] *= weight[2 * pair + element];
        if (isNormalized && bias != nullptr)
          value[element] += bias[2 * pair + element];
      }
      if (part < 2 && segment.cosine != nullptr) {
        const float cosine = segment.cosine[token * pairs + pair];
        const float sine = segment.sine[token * pairs + pair];
        const float turned = value[0] * cosine - value[1] * sine;
        value[1] = value[1] * cosine + value[0] * sine;
        value[0] = turned;
      }
      target[2 * pair] = toBFloat16(value[0]);
      target[2 * pair + 1] = toBFloat16(value[1]);
    }
  }
}

/// The running softmax average of one query: the largest score, the sum of weights, and each lane's share of the sum
/// of weighted values, elements `lane`, `lane + 32` and so on.
struct Average {
  float most, total;
  float values[kMostDimension / 32];
};

__device__ __forceinline__ void clear(Average& average) {
  average.most = kNothing;
  average.total = 0;
#pragma unroll
  for (int part = 0; part < kMostDimension / 32; part++)
    average.values[part] = 0;
}

/// Makes room for a larger score and says how much the sums shrink.
__device__ __forceinline__ void raise(Average& average, float most, i32 dimension) {
  if (most <= average.most)
    return;
  const float factor = expf(average.most - most);
  average.most = most;
  average.total *= factor;
#pragma unroll
  for (int part = 0; part < kMostDimension / 32; part++)
    average.values[part] *= factor;
}

struct AttendParameters {
  Geometry geometry;
  Patterns patterns;
  /// `[H, rows, D]` each.
  const u16* queries;
  const u16* keys;
  const u16* values;
  /// `[S, H·D]`.
  u16* output;
  /// For each pattern the mask: where the entries of a block of rows begin, and the entries.
  const i32* rowOffsets[2];
  const u32* entries[2];
  /// A video pair is kept iff the distance of its rows is less.
  i32 halfWidth[2];
  i32 blockSize;
  float scale;
};

constexpr u32 kNeedsBand = 1u << 28;
constexpr u32 kNeedsLimit = 1u << 29;
constexpr int kRowsOfWarp = 4;
constexpr int kRowsOfBlock = 4 * kRowsOfWarp;
/// Elements between the rows of a tile: an odd number of banks.
constexpr int kTileStride = kMostDimension + 2;

/// Attends 16 query rows of a head to their key blocks, 32 keys at a time: a lane computes the score of a key. Grid:
/// groups of rows, heads.
extern "C" __global__ void __launch_bounds__(128) simple_attend(const __grid_constant__ AttendParameters p) {
  __shared__ u16 keys[32 * kTileStride];
  __shared__ u16 values[32 * kTileStride];
  __shared__ u16 queries[kRowsOfBlock][kMostDimension];
  const Geometry& g = p.geometry;
  const i32 head = blockIdx.y;
  const i32 lane = threadIdx.x % 32;
  const i32 warp = threadIdx.x / 32;
  const i32 firstRow = blockIdx.x * kRowsOfBlock;
  const bool temporal = isTokenMajor(p.patterns, head);
  const i64 start = static_cast<i64>(head) * g.rows * g.dimension;

  for (i32 index = threadIdx.x; index < kRowsOfBlock * g.dimension; index += blockDim.x) {
    queries[index / g.dimension][index % g.dimension] =
        p.queries[start + static_cast<i64>(firstRow) * g.dimension + index];
  }
  Average averages[kRowsOfWarp];
#pragma unroll
  for (int own = 0; own < kRowsOfWarp; own++)
    clear(averages[own]);

  const i32* offsets = p.rowOffsets[temporal];
  const i32 block = firstRow / p.blockSize;
  for (i32 number = offsets[block]; number < offsets[block + 1]; number++) {
    const u32 entry = p.entries[temporal][number];
    const i32 firstKey = static_cast<i32>(entry & 0x0FFFFFFF) * p.blockSize;
    for (i32 part = 0; part < p.blockSize; part += 32) {
      const i64 tile = start + static_cast<i64>(firstKey + part) * g.dimension;
      __syncthreads();
      for (i32 index = threadIdx.x; index < 32 * g.dimension; index += blockDim.x) {
        const i32 place = index / g.dimension * kTileStride + index % g.dimension;
        keys[place] = p.keys[tile + index];
        values[place] = p.values[tile + index];
      }
      __syncthreads();
      const i32 key = firstKey + part + lane;
      const bool isVideo = key < g.videoRows;
      const bool exists = !(entry & kNeedsLimit) || (isVideo ? key < g.videoTokens : key - g.videoRows < g.validText);
#pragma unroll
      for (int own = 0; own < kRowsOfWarp; own++) {
        const i32 row = firstRow + warp * kRowsOfWarp + own;
        const i32 distance = row < key ? key - row : row - key;
        const bool isInside = !(entry & kNeedsBand) || distance < p.halfWidth[temporal];
        float score = 0;
        for (i32 element = 0; element < g.dimension; element++) {
          score += fromBFloat16(queries[warp * kRowsOfWarp + own][element]) *
                   fromBFloat16(keys[lane * kTileStride + element]);
        }
        score *= p.scale;
        const bool isKept = exists && isInside;
        score = isKept ? score : kNothing;
        raise(averages[own], warpMax(score), g.dimension);
        const float weight = isKept ? expf(score - averages[own].most) : 0;
        averages[own].total += warpSum(weight);
        for (int other = 0; other < 32; other++) {
          const float factor = __shfl_sync(kFull, weight, other);
#pragma unroll
          for (int slice = 0; slice < kMostDimension / 32; slice++) {
            const i32 element = slice * 32 + lane;
            if (element < g.dimension) {
              averages[own].values[slice] += factor * fromBFloat16(values[other * kTileStride + element]);
            }
          }
        }
      }
    }
  }

#pragma unroll
  for (int own = 0; own < kRowsOfWarp; own++) {
    const i32 row = firstRow + warp * kRowsOfWarp + own;
    const bool isVideo = row < g.videoRows;
    const i32 index = isVideo ? row : row - g.videoRows;
    if (index >= (isVideo ? g.videoTokens : g.textTokens))
      continue;
    const i64 token = isVideo ? g.videoStart + (temporal ? frameMajor(g, index) : index) : g.textStart + index;
    // Padded text attends to nothing, though its blocks may hold valid rows too.
    const bool attends = isVideo || index < g.validText;
    const float factor = attends && averages[own].total > 0 ? 1 / averages[own].total : 0;
#pragma unroll
    for (int slice = 0; slice < kMostDimension / 32; slice++) {
      const i32 element = slice * 32 + lane;
      if (element < g.dimension) {
        p.output[(token * g.heads + head) * g.dimension + element] = toBFloat16(averages[own].values[slice] * factor);
      }
    }
  }
}

struct ProfileParameters {
  Geometry geometry;
  /// `[H, rows, D]` each, all heads frame-major.
  const u16* queries;
  const u16* keys;
  const u16* values;
  /// Sampled video tokens in frame-major order.
  const i32* samples;
  /// `[samples, H, 2]`: summed squared differences with the spatial and with the temporal band.
  float* errors;
  i32 halfWidth[2];
  float scale;
};

constexpr int kProfileWarps = 4;

/// Attends a sampled row to all keys and under both bands, and compares. A warp takes every fourth group of 32 keys;
/// the averages of the warps are joined at the end. Grid: samples, heads.
extern "C" __global__ void __launch_bounds__(32 * kProfileWarps)
    simple_profile(const __grid_constant__ ProfileParameters p) {
  __shared__ float query[kMostDimension];
  __shared__ float most[kProfileWarps][3];
  __shared__ float total[kProfileWarps][3];
  __shared__ float sums[kProfileWarps][3][kMostDimension];
  __shared__ float scratch[kProfileWarps];
  const Geometry& g = p.geometry;
  const i32 head = blockIdx.y;
  const i32 lane = threadIdx.x % 32;
  const i32 warp = threadIdx.x / 32;
  const i32 row = p.samples[blockIdx.x];
  const i32 rowInTime = tokenMajor(g, row);
  const i64 start = static_cast<i64>(head) * g.rows * g.dimension;
  for (i32 index = threadIdx.x; index < g.dimension; index += blockDim.x) {
    query[index] = fromBFloat16(p.queries[start + static_cast<i64>(row) * g.dimension + index]) * p.scale;
  }
  __syncthreads();

  Average averages[3];
#pragma unroll
  for (int mask = 0; mask < 3; mask++)
    clear(averages[mask]);
  const i32 lastRow = g.videoRows + g.validText;
  for (i32 first = 32 * warp; first < lastRow; first += 32 * kProfileWarps) {
    const i32 key = first + lane;
    const bool isVideo = key < g.videoRows;
    const bool exists = isVideo ? key < g.videoTokens : key < lastRow;
    const u16* source = p.keys + start + static_cast<i64>(exists ? key : 0) * g.dimension;
    float score = 0;
    for (i32 element = 0; element < g.dimension; element++)
      score += query[element] * fromBFloat16(source[element]);
    const i32 keyInTime = tokenMajor(g, key);
    const bool kept[3] = {exists, exists && (!isVideo || abs(row - key) < p.halfWidth[0]),
                          exists && (!isVideo || abs(rowInTime - keyInTime) < p.halfWidth[1])};
    float weights[3];
#pragma unroll
    for (int mask = 0; mask < 3; mask++) {
      const float own = kept[mask] ? score : kNothing;
      raise(averages[mask], warpMax(own), g.dimension);
      weights[mask] = kept[mask] ? expf(own - averages[mask].most) : 0;
      averages[mask].total += warpSum(weights[mask]);
    }
    const i32 count = lastRow - first < 32 ? lastRow - first : 32;
    for (int other = 0; other < count; other++) {
      const u16* values = p.values + start + static_cast<i64>(first + other) * g.dimension;
      float factors[3];
#pragma unroll
      for (int mask = 0; mask < 3; mask++)
        factors[mask] = __shfl_sync(kFull, weights[mask], other);
#pragma unroll
      for (int slice = 0; slice < kMostDimension / 32; slice++) {
        const i32 element = slice * 32 + lane;
        if (element < g.dimension) {
          const float value = fromBFloat16(values[element]);
#pragma unroll
          for (int mask = 0; mask < 3; mask++)
            averages[mask].values[slice] += factors[mask] * value;
        }
      }
    }
  }

#pragma unroll
  for (int mask = 0; mask < 3; mask++) {
    if (lane == 0) {
      most[warp][mask] = averages[mask].most;
      total[warp][mask] = averages[mask].total;
    }
#pragma unroll
    for (int slice = 0; slice < kMostDimension / 32; slice++) {
      sums[warp][mask][slice * 32 + lane] = averages[mask].values[slice];
    }
  }
  __syncthreads();
  float errors[2] = {0, 0};
  for (i32 element = threadIdx.x; element < g.dimension; element += blockDim.x) {
    float outputs[3];
#pragma unroll
    for (int mask = 0; mask < 3; mask++) {
      float highest = most[0][mask];
      for (int other = 1; other < kProfileWarps; other++)
        highest = fmaxf(highest, most[other][mask]);
      float weight = 0;
      float sum = 0;
      for (int other = 0; other < kProfileWarps; other++) {
        const float factor = expf(most[other][mask] - highest);
        weight += factor * total[other][mask];
        sum += factor * sums[other][mask][element];
      }
      outputs[mask] = sum / weight;
    }
#pragma unroll
    for (int band = 0; band < 2; band++) {
      const float difference = outputs[0] - outputs[band + 1];
      errors[band] += difference * difference;
    }
  }
#pragma unroll
  for (int band = 0; band < 2; band++) {
    const float error = blockSum(errors[band], scratch);
    if (threadIdx.x == 0)
      p.errors[(static_cast<i64>(blockIdx.x) * g.heads + head) * 2 + band] = error;
  }
}

struct ChooseParameters {
  /// `[samples, H, 2]`: summed squared differences.
  const float* sums;
  /// `[H, 2]`: the mean squared differences with the spatial and with the temporal band.
  float* errors;
  /// `[H]`: 1 where the error with the temporal band is smaller, else 0.
  i32* patterns;
  i32 samples, heads, dimension;
};

/// Adds up what the samples of a head differ by, and chooses. A thread takes a head.
extern "C" __global__ void __launch_bounds__(32) simple_choose(const __grid_constant__ ChooseParameters p) {
  const i32 head = static_cast<i32>(blockIdx.x * 32 + threadIdx.x);
  if (head >= p.heads)
    return;
  double sums[2] = {0, 0};
  for (i32 sample = 0; sample < p.samples; sample++) {
    for (int band = 0; band < 2; band++)
      sums[band] += p.sums[(static_cast<i64>(sample) * p.heads + head) * 2 + band];
  }
  const double count = static_cast<double>(p.samples) * p.dimension;
  const float spatial = static_cast<float>(sums[0] / count), temporal = static_cast<float>(sums[1] / count);
  p.errors[2 * head] = spatial;
  p.errors[2 * head + 1] = temporal;
  p.patterns[head] = temporal < spatial ? 1 : 0;
}
