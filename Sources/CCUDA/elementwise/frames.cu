// Operations on frames `[T, h, w, C]` of bfloat16.

#include "common/activation.cuh"
#include "common/reduce.cuh"
#include "ptx/convert.cuh"

/// Sums of all channels over stretches of places, taken around the values of the first place, so that the difference of
/// squares keeps its digits: `sums[stretch] = [Σ(x − o) for each channel, Σ(x − o)² for each channel]`.
///
/// A block takes a stretch; neighboring threads take neighboring channels, and threads that are left over other places.
extern "C" __global__ void __launch_bounds__(256)
    channel_sums(const u16* frames, float* sums, i64 places, i32 channels, i32 stretch) {
  __shared__ float partial[2][256];
  const i64 first = static_cast<i64>(blockIdx.x) * stretch;
  const i64 last = first + stretch < places ? first + stretch : places;
  const i32 wide = channels < static_cast<i32>(blockDim.x) ? channels : static_cast<i32>(blockDim.x);
  const i32 lanes = blockDim.x / wide;
  const i32 lane = threadIdx.x / wide;
  float* target = sums + static_cast<i64>(blockIdx.x) * 2 * channels;
  for (i32 begin = 0; begin < channels; begin += wide) {
    const i32 channel = begin + threadIdx.x % wide;
    float sum = 0;
    float squares = 0;
    if (lane < lanes && channel < channels) {
      const float origin = fromBFloat16(frames[channel]);
      for (i64 place = first + lane; place < last; place += lanes) {
        const float distance = fromBFloat16(frames[place * channels + channel]) - origin;
        sum += distance;
        squares += distance * distance;
      }
    }
    __syncthreads();
    partial[0][threadIdx.x] = sum;
    partial[1][threadIdx.x] = squares;
    __syncthreads();
    if (lane == 0 && channel < channels) {
      for (i32 other = 1; other < lanes; other++) {
        sum += partial[0][other * wide + threadIdx.x];
        squares += partial[1][other * wide + threadIdx.x];
      }
      target[channel] = sum;
      target[channels + channel] = squares;
    }
  }
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

/// `activation((x · factor + offset) · scale + shift)`; scale and shift at a lower resolution are read at the nearest
/// place of the frame that `frameMap` names, if there are any. A block takes a row of a frame.
extern "C" __global__ void __launch_bounds__(256)
    apply_channels(const u16* frames, u16* output, const float* maps, i32 height, i32 width, i32 channels,
                   const u16* scale, const u16* shift, const i32* frameMap, i32 coarseHeight, i32 coarseWidth,
                   i32 activation) {
  const i32 frame = blockIdx.x / height;
  const i32 y = blockIdx.x % height;
  const i64 start = static_cast<i64>(blockIdx.x) * width * channels;
  i64 coarseStart = 0;
  if (scale != nullptr) {
    const i64 coarseRow =
        static_cast<i64>(frameMap[frame]) * coarseHeight + static_cast<i64>(y) * coarseHeight / height;
    coarseStart = coarseRow * coarseWidth * channels;
  }
  for (i32 element = threadIdx.x; element < width * channels; element += blockDim.x) {
    const i32 channel = element % channels;
    float value = fromBFloat16(frames[start + element]) * maps[channel] + maps[channels + channel];
    if (scale != nullptr) {
      const i64 x = static_cast<i64>(element / channels) * coarseWidth / width;
      const i64 source = coarseStart + x * channels + channel;
      value = value * fromBFloat16(scale[source]) + fromBFloat16(shift[source]);
    }
    output[start + element] = toBFloat16(activate(value, activation));
  }
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
