// Operations on rows of bfloat16 with float32 parameters. A block takes a row; a row fits the first cache, so that only
// the first of the passes over it reads memory.

#include "common/activation.cuh"
#include "common/bfloat16.cuh"
#include "common/reduce.cuh"

/// Divides rows by their deviation around the mean, or by the root of their mean square; then
/// `· weight + bias`, then `· (1 + scale) + shift`. Pointers that are null stand for ones and zeros.
extern "C" __global__ void __launch_bounds__(256)
    normalize_rows(const u16* input, u16* output, i32 channels, i32 isCentered, float epsilon, const float* weight,
                   const float* bias, const float* scale, const float* shift) {
  __shared__ float scratch[8];
  const u16* row = input + static_cast<i64>(blockIdx.x) * channels;
  u16* target = output + static_cast<i64>(blockIdx.x) * channels;

  float mean = 0;
  if (isCentered) {
    float sum = 0;
    for (i32 channel = threadIdx.x; channel < channels; channel += blockDim.x) sum += fromBFloat16(row[channel]);
    mean = blockSum(sum, scratch) / channels;
  }
  float squares = 0;
  for (i32 channel = threadIdx.x; channel < channels; channel += blockDim.x) {
    const float distance = fromBFloat16(row[channel]) - mean;
    squares += distance * distance;
  }
  const float factor = rsqrtf(blockSum(squares, scratch) / channels + epsilon);
  for (i32 channel = threadIdx.x; channel < channels; channel += blockDim.x) {
    float value = (fromBFloat16(row[channel]) - mean) * factor;
    if (weight != nullptr) value *= weight[channel];
    if (bias != nullptr) value += bias[channel];
    if (scale != nullptr) value = value * (1 + scale[channel]) + shift[channel];
    target[channel] = toBFloat16(value);
  }
}

/// `residual += gate · (product + bias)` for every row; a gate that is null is 1, a bias that is null is 0.
extern "C" __global__ void __launch_bounds__(256)
    add_gated(const u16* product, u16* residual, i32 channels, const float* gate) {
  const i64 start = static_cast<i64>(blockIdx.x) * channels;
  for (i32 channel = threadIdx.x; channel < channels; channel += blockDim.x) {
    const float factor = gate != nullptr ? gate[channel] : 1.0f;
    const i64 index = start + channel;
    residual[index] = toBFloat16(fromBFloat16(residual[index]) + factor * fromBFloat16(product[index]));
  }
}
