// Operations on every element by itself. Each moves its operands once and is bound by memory.

#include "common/activation.cuh"
#include "ptx/convert.cuh"

/// The floating-point types, in the order of `CUDANumber`.
enum Number { kFloat32, kFloat16, kBFloat16 };

__device__ __forceinline__ float load(const void* values, i64 index, int number) {
  if (number == kFloat32)
    return static_cast<const float*>(values)[index];
  const u16 bits = static_cast<const u16*>(values)[index];
  return number == kFloat16 ? fromFloat16(bits) : fromBFloat16(bits);
}

__device__ __forceinline__ void store(void* values, i64 index, int number, float value) {
  if (number == kFloat32) {
    static_cast<float*>(values)[index] = value;
  } else {
    static_cast<u16*>(values)[index] = number == kFloat16 ? toFloat16(value) : toBFloat16(value);
  }
}

__device__ __forceinline__ i64 firstIndex() {
  return static_cast<i64>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ i64 indexStep() {
  return static_cast<i64>(gridDim.x) * blockDim.x;
}

/// The same values in another type, rounded to nearest even.
extern "C" __global__ void convert(const void* input, void* output, i64 count, i32 from, i32 to) {
  for (i64 index = firstIndex(); index < count; index += indexStep()) {
    store(output, index, to, load(input, index, from));
  }
}

/// `activation(x)`.
extern "C" __global__ void activate_values(const void* input, void* output, i64 count, i32 number, i32 activation) {
  for (i64 index = firstIndex(); index < count; index += indexStep()) {
    store(output, index, number, activate(load(input, index, number), activation));
  }
}

/// `target += other`.
extern "C" __global__ void add_values(const void* other, void* target, i64 count, i32 number) {
  for (i64 index = firstIndex(); index < count; index += indexStep()) {
    store(target, index, number, load(target, index, number) + load(other, index, number));
  }
}

/// `activation(x[r, ..<half]) · x[r, half...]` for every row.
extern "C" __global__ void gate_rows(const void* input, void* output, i64 rows, i32 half, i32 number, i32 activation) {
  for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
    for (i32 column = threadIdx.x; column < half; column += blockDim.x) {
      const i64 index = row * 2 * half + column;
      store(output, row * half + column, number,
            activate(load(input, index, number), activation) * load(input, index + half, number));
    }
  }
}
