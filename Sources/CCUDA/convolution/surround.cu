// What a library's convolution leaves to us: frames before the first, a border around each, and perhaps to repeat the
// bias.
//
// Both are bound by memory, 16 bytes at a time.

#include "ptx/convert.cuh"

struct SurroundParameters {
  /// `[T, h, w, C]`.
  const Quad* frames;
  /// `[before, h, w, C]`; null repeats the first frame.
  const Quad* previous;
  /// `[count, h', w', C]`.
  Quad* output;
  /// Of a frame, its rows and columns.
  i32 height, width;
  /// `C / 8`.
  i32 units;
  /// Of a frame with its border.
  i32 outputHeight, outputWidth;
  /// Rows above and columns on the left.
  i32 top, left;
  /// Frames before the first.
  i32 before;
  /// The first that is wanted, counted from the first of those before.
  i32 first;
  /// Whether the nearest place of the frame stands outside of it, not zeros.
  i32 repeatsBorder;
};

/// Writes frames with those before them and with a border. A block takes a row of the result.
extern "C" __global__ void __launch_bounds__(256) surround_frames(const __grid_constant__ SurroundParameters p) {
  const i32 time = p.first + static_cast<i32>(blockIdx.x) / p.outputHeight - p.before;
  const i32 y = static_cast<i32>(blockIdx.x) % p.outputHeight - p.top;
  const Quad* frame = p.frames;
  i64 index = time < 0 ? 0 : time;
  if (time < 0 && p.previous != nullptr) {
    frame = p.previous;
    index = time + p.before;
  }
  const bool isRowInside = y >= 0 && y < p.height;
  const Quad* source = frame + (index * p.height + min(max(y, 0), p.height - 1)) * p.width * p.units;
  Quad* target = p.output + static_cast<i64>(blockIdx.x) * p.outputWidth * p.units;
  for (i32 element = threadIdx.x; element < p.outputWidth * p.units; element += blockDim.x) {
    const i32 x = element / p.units - p.left;
    const bool isInside = isRowInside && x >= 0 && x < p.width;
    Quad value = {0, 0, 0, 0};
    if (isInside || p.repeatsBorder)
      value = source[min(max(x, 0), p.width - 1) * p.units + element % p.units];
    target[element] = value;
  }
}

/// Writes the bias, rounded, to every row of channels; `units` is C / 8.
extern "C" __global__ void __launch_bounds__(256) repeat_bias(Quad* values, const float* bias, i64 count, i32 units) {
  const i64 step = static_cast<i64>(gridDim.x) * blockDim.x;
  for (i64 index = static_cast<i64>(blockIdx.x) * blockDim.x + threadIdx.x; index < count; index += step) {
    const float* own = bias + index % units * 8;
    values[index] = {packBFloat16(own[0], own[1]), packBFloat16(own[2], own[3]), packBFloat16(own[4], own[5]),
                     packBFloat16(own[6], own[7])};
  }
}
