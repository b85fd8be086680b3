// Operations on frames `[T, h, w, C]` of bfloat16.
//
// The norms that move 8 channels at once (`…_8`) have run on an emulated GPU alone; those of one channel on an H200.

#include "common/activation.cuh"
#include "common/reduce.cuh"
#include "ptx/convert.cuh"

/// Neighboring channels of a place: 8 are moved at once, where that is how many divide a row.
template <int kChannels>
__device__ __forceinline__ void loadChannels(const u16* source, float (&values)[kChannels]) {
  if constexpr (kChannels == 8) {
    const Quad quad = *reinterpret_cast<const Quad*>(source);
    const u32 words[4] = {quad.x, quad.y, quad.z, quad.w};
#pragma unroll
    for (int pair = 0; pair < 4; pair++) {
      values[2 * pair] = lowBFloat16(words[pair]);
      values[2 * pair + 1] = highBFloat16(words[pair]);
    }
  } else {
    static_assert(kChannels == 1, "one or eight channels");
    values[0] = fromBFloat16(*source);
  }
}

template <int kChannels>
__device__ __forceinline__ void storeChannels(u16* target, const float (&values)[kChannels]) {
  if constexpr (kChannels == 8) {
    *reinterpret_cast<Quad*>(target) = {packBFloat16(values[0], values[1]), packBFloat16(values[2], values[3]),
                                        packBFloat16(values[4], values[5]), packBFloat16(values[6], values[7])};
  } else {
    *target = toBFloat16(values[0]);
  }
}

/// How the threads of a block go through places whose channels are taken `kChannels` at a time, so that each thread
/// stays with its channels: neighboring threads take neighboring channels, then further places; those left over rest.
struct Walk {
  /// Threads beside each other, and how often so many fit into the block.
  i32 wide, lanes;
  /// The first places of this thread, and its channels among those beside each other.
  i32 lane, unit;

  __device__ __forceinline__ explicit Walk(i32 units) {
    wide = units < static_cast<i32>(blockDim.x) ? units : static_cast<i32>(blockDim.x);
    lanes = blockDim.x / wide;
    lane = threadIdx.x / wide;
    unit = threadIdx.x % wide;
  }
};

/// Sums of all channels over stretches of places, taken around the values of the first place, so that the difference of
/// squares keeps its digits: `sums[stretch] = [Σ(x − o) for each channel, Σ(x − o)² for each channel]`.
///
/// A block takes a stretch.
template <int kChannels>
__device__ __forceinline__ void channelSums(const u16* frames, float* sums, i64 places, i32 channels, i32 stretch) {
  __shared__ float partial[2][kChannels][256];
  const i64 first = static_cast<i64>(blockIdx.x) * stretch;
  const i64 last = first + stretch < places ? first + stretch : places;
  const Walk walk(channels / kChannels);
  float* target = sums + static_cast<i64>(blockIdx.x) * 2 * channels;
  for (i32 begin = 0; begin < channels; begin += walk.wide * kChannels) {
    const i32 own = begin + walk.unit * kChannels;
    float sum[kChannels] = {}, squares[kChannels] = {};
    if (walk.lane < walk.lanes && own < channels) {
      float origin[kChannels];
      loadChannels<kChannels>(frames + own, origin);
#pragma unroll 4
      for (i64 place = first + walk.lane; place < last; place += walk.lanes) {
        float values[kChannels];
        loadChannels<kChannels>(frames + place * channels + own, values);
#pragma unroll
        for (int index = 0; index < kChannels; index++) {
          const float distance = values[index] - origin[index];
          sum[index] += distance;
          squares[index] += distance * distance;
        }
      }
    }
    __syncthreads();
#pragma unroll
    for (int index = 0; index < kChannels; index++) {
      partial[0][index][threadIdx.x] = sum[index];
      partial[1][index][threadIdx.x] = squares[index];
    }
    __syncthreads();
    const i32 count = walk.wide * kChannels < channels - begin ? walk.wide * kChannels : channels - begin;
    for (i32 element = threadIdx.x; element < 2 * count; element += blockDim.x) {
      const i32 channel = element % count;
      const float* terms = partial[element / count][channel % kChannels] + channel / kChannels;
      float total = 0;
      for (i32 lane = 0; lane < walk.lanes; lane++)
        total += terms[lane * walk.wide];
      target[element / count * channels + begin + channel] = total;
    }
  }
}

extern "C" __global__ void __launch_bounds__(256)
    channel_sums_1(const u16* frames, float* sums, i64 places, i32 channels, i32 stretch) {
  channelSums<1>(frames, sums, places, channels, stretch);
}

extern "C" __global__ void __launch_bounds__(256)
    channel_sums_8(const u16* frames, float* sums, i64 places, i32 channels, i32 stretch) {
  channelSums<8>(frames, sums, places, channels, stretch);
}

/// For each channel the factor and the offset that normalize its group and apply its weights: `maps = [factors,
/// offsets]`. A block takes a group and adds up the stretches in double precision.
extern "C" __global__ void __launch_bounds__(128)
    channel_maps(const u16* frames, const float* sums, float* maps, i64 places, i32 channels, i32 groups, i32 stretches,
                 float epsilon, const float* weight, const float* bias) {
  __shared__ double scratch[4];
  const i32 width = channels / groups;
  const i32 begin = blockIdx.x * width;
  const double count = static_cast<double>(places) * width;
  double total = 0;
  for (i32 channel = begin; channel < begin + width; channel++) {
    double sum = 0;
    for (i32 stretch = threadIdx.x; stretch < stretches; stretch += blockDim.x) {
      sum += sums[static_cast<i64>(stretch) * 2 * channels + channel];
    }
    total += blockSum(sum, scratch) + places * static_cast<double>(fromBFloat16(frames[channel]));
  }
  const double mean = total / count;
  double deviation = 0;
  for (i32 channel = begin; channel < begin + width; channel++) {
    double sum = 0;
    double squares = 0;
    for (i32 stretch = threadIdx.x; stretch < stretches; stretch += blockDim.x) {
      const float* source = sums + static_cast<i64>(stretch) * 2 * channels + channel;
      sum += source[0];
      squares += source[channels];
    }
    sum = blockSum(sum, scratch);
    squares = blockSum(squares, scratch);
    const double distance = mean - fromBFloat16(frames[channel]);
    deviation += squares - 2 * sum * distance + places * distance * distance;
  }
  const double variance = deviation > 0 ? deviation / count : 0;
  const double factor = 1 / sqrt(variance + epsilon);
  for (i32 channel = begin + threadIdx.x; channel < begin + width; channel += blockDim.x) {
    maps[channel] = static_cast<float>(factor * weight[channel]);
    maps[channels + channel] = static_cast<float>(bias[channel] - mean * factor * weight[channel]);
  }
}

/// What `apply_channels` gets.
struct ApplyParameters {
  /// `[T, h, w, C]`.
  const u16* frames;
  u16* output;
  /// `[2, C]`: factors and offsets.
  const float* maps;
  /// Of the frames.
  i32 height, width, channels;
  /// At a lower resolution; null for none.
  const u16* scale;
  const u16* shift;
  /// Their frame for each of ours.
  const i32* frameMap;
  i32 coarseHeight, coarseWidth;
  i32 activation;
};

/// `activation((x · factor + offset) · scale + shift)`; scale and shift at a lower resolution are read at the nearest
/// place of the frame that `frameMap` names, if there are any. A block takes a row of a frame.
template <int kChannels>
__device__ __forceinline__ void applyChannels(const ApplyParameters& p) {
  const i32 frame = blockIdx.x / p.height;
  const i32 y = blockIdx.x % p.height;
  const i64 start = static_cast<i64>(blockIdx.x) * p.width * p.channels;
  i64 coarseStart = 0;
  if (p.scale != nullptr) {
    const i64 coarseRow =
        static_cast<i64>(p.frameMap[frame]) * p.coarseHeight + static_cast<i64>(y) * p.coarseHeight / p.height;
    coarseStart = coarseRow * p.coarseWidth * p.channels;
  }
  const Walk walk(p.channels / kChannels);
  if (walk.lane >= walk.lanes)
    return;
  for (i32 own = walk.unit * kChannels; own < p.channels; own += walk.wide * kChannels) {
    float factor[kChannels], offset[kChannels];
#pragma unroll
    for (int index = 0; index < kChannels; index++) {
      factor[index] = p.maps[own + index];
      offset[index] = p.maps[p.channels + own + index];
    }
    for (i32 x = walk.lane; x < p.width; x += walk.lanes) {
      const i64 place = start + static_cast<i64>(x) * p.channels + own;
      float values[kChannels];
      loadChannels<kChannels>(p.frames + place, values);
#pragma unroll
      for (int index = 0; index < kChannels; index++)
        values[index] = values[index] * factor[index] + offset[index];
      if (p.scale != nullptr) {
        // Rows have less than 65536 places.
        const u32 coarse = static_cast<u32>(x) * static_cast<u32>(p.coarseWidth) / static_cast<u32>(p.width);
        const i64 source = coarseStart + static_cast<i64>(coarse) * p.channels + own;
        float scale[kChannels], shift[kChannels];
        loadChannels<kChannels>(p.scale + source, scale);
        loadChannels<kChannels>(p.shift + source, shift);
#pragma unroll
        for (int index = 0; index < kChannels; index++)
          values[index] = values[index] * scale[index] + shift[index];
      }
#pragma unroll
      for (int index = 0; index < kChannels; index++)
        values[index] = activate(values[index], p.activation);
      storeChannels<kChannels>(p.output + place, values);
    }
  }
}

extern "C" __global__ void __launch_bounds__(256) apply_channels_1(const __grid_constant__ ApplyParameters p) {
  applyChannels<1>(p);
}

extern "C" __global__ void __launch_bounds__(256) apply_channels_8(const __grid_constant__ ApplyParameters p) {
  applyChannels<8>(p);
}

/// Repeats each place 2x2 times, and frames as `frameMap` says. A block takes a row of the result; `Unit` is what is
/// copied at once, and `units` how many of them a place has.
template <typename Unit>
__device__ __forceinline__ void upsample(const Unit* frames, Unit* output, const i32* frameMap, i32 height, i32 width,
                                         i32 units) {
  const i32 frame = frameMap[blockIdx.x / (2 * height)];
  const i32 y = blockIdx.x % (2 * height) / 2;
  const Unit* source = frames + (static_cast<i64>(frame) * height + y) * width * units;
  Unit* target = output + static_cast<i64>(blockIdx.x) * 2 * width * units;
  for (i32 index = threadIdx.x; index < 2 * width * units; index += blockDim.x) {
    target[index] = source[index / units / 2 * units + index % units];
  }
}

extern "C" __global__ void __launch_bounds__(256)
    upsample_2(const u16* frames, u16* output, const i32* frameMap, i32 height, i32 width, i32 units) {
  upsample(frames, output, frameMap, height, width, units);
}

extern "C" __global__ void __launch_bounds__(256)
    upsample_4(const u32* frames, u32* output, const i32* frameMap, i32 height, i32 width, i32 units) {
  upsample(frames, output, frameMap, height, width, units);
}

extern "C" __global__ void __launch_bounds__(256)
    upsample_16(const uint4* frames, uint4* output, const i32* frameMap, i32 height, i32 width, i32 units) {
  upsample(frames, output, frameMap, height, width, units);
}
