// Operations on rows of bfloat16 with float32 parameters, bound by memory. A block takes a row, a thread kWidth
// neighboring channels at a time: 8, which are 16 bytes, where rows are a multiple of 8, else 1. A row fits the first
// cache, so that only the first of the passes over it reads memory.
//
// A launch takes two neighboring sections of rows, each with parameters of its own: text and video. That it takes two
// has not run on a GPU.

#include "common/reduce.cuh"
#include "ptx/convert.cuh"

/// Neighboring channels as float32.
template <int kWidth>
struct __align__(kWidth == 8 ? 16 : 4) Piece {
  float values[kWidth];
};

template <int kWidth>
__device__ __forceinline__ Piece<kWidth> loadPiece(const u16* source) {
  Piece<kWidth> piece;
  if constexpr (kWidth == 8) {
    const uint4 bits = *reinterpret_cast<const uint4*>(source);
    const u32 pairs[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
    for (int pair = 0; pair < 4; pair++) {
      piece.values[2 * pair] = lowBFloat16(pairs[pair]);
      piece.values[2 * pair + 1] = highBFloat16(pairs[pair]);
    }
  } else {
    piece.values[0] = fromBFloat16(*source);
  }
  return piece;
}

template <int kWidth>
__device__ __forceinline__ void storePiece(u16* target, const Piece<kWidth>& piece) {
  if constexpr (kWidth == 8) {
    const float* values = piece.values;
    *reinterpret_cast<uint4*>(target) =
        make_uint4(packBFloat16(values[0], values[1]), packBFloat16(values[2], values[3]),
                   packBFloat16(values[4], values[5]), packBFloat16(values[6], values[7]));
  } else {
    *target = toBFloat16(piece.values[0]);
  }
}

/// Parameters of neighboring channels.
template <int kWidth>
__device__ __forceinline__ Piece<kWidth> loadParameters(const float* source) {
  Piece<kWidth> piece;
  if constexpr (kWidth == 8) {
    reinterpret_cast<float4*>(piece.values)[0] = reinterpret_cast<const float4*>(source)[0];
    reinterpret_cast<float4*>(piece.values)[1] = reinterpret_cast<const float4*>(source)[1];
  } else {
    piece.values[0] = *source;
  }
  return piece;
}

/// Parameters `[channels]` of the first `firstRows` rows, and of the others.
struct Sections {
  i32 firstRows;
  const float* first;
  const float* second;

  /// Those of the row that this block takes.
  __device__ __forceinline__ const float* own() const {
    return static_cast<i32>(blockIdx.x) < firstRows ? first : second;
  }
};

template <int kWidth>
__device__ __forceinline__ void normalize(const u16* input, u16* output, i32 channels, i32 isCentered, float epsilon,
                                          const float* weight, const float* bias, const float* scale,
                                          const float* shift) {
  __shared__ float scratch[8];
  const u16* row = input + static_cast<i64>(blockIdx.x) * channels;
  u16* target = output + static_cast<i64>(blockIdx.x) * channels;
  const i32 first = threadIdx.x * kWidth;
  const i32 step = blockDim.x * kWidth;

  float mean = 0;
  if (isCentered) {
    float sum = 0;
    for (i32 channel = first; channel < channels; channel += step) {
      const Piece<kWidth> piece = loadPiece<kWidth>(row + channel);
#pragma unroll
      for (int index = 0; index < kWidth; index++)
        sum += piece.values[index];
    }
    mean = blockSum(sum, scratch) / channels;
  }
  float squares = 0;
  for (i32 channel = first; channel < channels; channel += step) {
    const Piece<kWidth> piece = loadPiece<kWidth>(row + channel);
#pragma unroll
    for (int index = 0; index < kWidth; index++) {
      const float distance = piece.values[index] - mean;
      squares += distance * distance;
    }
  }
  const float factor = rsqrtf(blockSum(squares, scratch) / channels + epsilon);
  for (i32 channel = first; channel < channels; channel += step) {
    Piece<kWidth> piece = loadPiece<kWidth>(row + channel);
#pragma unroll
    for (int index = 0; index < kWidth; index++)
      piece.values[index] = (piece.values[index] - mean) * factor;
    if (weight != nullptr) {
      const Piece<kWidth> weights = loadParameters<kWidth>(weight + channel);
#pragma unroll
      for (int index = 0; index < kWidth; index++)
        piece.values[index] *= weights.values[index];
    }
    if (bias != nullptr) {
      const Piece<kWidth> biases = loadParameters<kWidth>(bias + channel);
#pragma unroll
      for (int index = 0; index < kWidth; index++)
        piece.values[index] += biases.values[index];
    }
    if (scale != nullptr) {
      const Piece<kWidth> scales = loadParameters<kWidth>(scale + channel);
      const Piece<kWidth> shifts = loadParameters<kWidth>(shift + channel);
#pragma unroll
      for (int index = 0; index < kWidth; index++) {
        piece.values[index] = piece.values[index] * (1 + scales.values[index]) + shifts.values[index];
      }
    }
    storePiece<kWidth>(target + channel, piece);
  }
}

template <int kWidth>
__device__ __forceinline__ void addGated(const u16* product, u16* residual, i32 channels, const float* gate) {
  const i64 start = static_cast<i64>(blockIdx.x) * channels;
  for (i32 channel = threadIdx.x * kWidth; channel < channels; channel += blockDim.x * kWidth) {
    const Piece<kWidth> added = loadPiece<kWidth>(product + start + channel);
    Piece<kWidth> piece = loadPiece<kWidth>(residual + start + channel);
    Piece<kWidth> gates;
    if (gate != nullptr)
      gates = loadParameters<kWidth>(gate + channel);
#pragma unroll
    for (int index = 0; index < kWidth; index++) {
      piece.values[index] += (gate != nullptr ? gates.values[index] : 1.0f) * added.values[index];
    }
    storePiece<kWidth>(residual + start + channel, piece);
  }
}

/// Divides rows by their deviation around the mean, or by the root of their mean square; then `· weight + bias`, then
/// `· (1 + scale) + shift` with a scale and a shift of each section. Pointers that are null stand for ones and zeros.
#define NORMALIZE_ROWS(width)                                                                                          \
  extern "C" __global__ void __launch_bounds__(256) normalize_rows_##width(                                            \
      const u16* input, u16* output, i32 channels, i32 isCentered, float epsilon, i32 firstRows, const float* weight,  \
      const float* bias, const float* scale, const float* otherScale, const float* shift, const float* otherShift) {   \
    normalize<width>(input, output, channels, isCentered, epsilon, weight, bias,                                       \
                     Sections{firstRows, scale, otherScale}.own(), Sections{firstRows, shift, otherShift}.own());      \
  }

/// `residual += gate · product` for every row, with a gate of each section; one that is null is 1.
#define ADD_GATED(width)                                                                                               \
  extern "C" __global__ void __launch_bounds__(256) add_gated_##width(                                                 \
      const u16* product, u16* residual, i32 channels, i32 firstRows, const float* gate, const float* otherGate) {     \
    addGated<width>(product, residual, channels, Sections{firstRows, gate, otherGate}.own());                          \
  }

NORMALIZE_ROWS(1)
NORMALIZE_ROWS(8)
ADD_GATED(1)
ADD_GATED(8)
