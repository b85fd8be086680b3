// Operations of text encoders, whose sequences are short.

#include "common/reduce.cuh"
#include "ptx/convert.cuh"

/// `softmax(q kᵀ · scale + bias) v` for a row and a head; its scores stay in shared memory, or in `scratch` where there
/// is one: `[heads, rows of the grid, n]`.
///
/// `query` is `[m, heads · D]`, `key` and `value` are `[n, keyHeads · D]`, `bias` is `[heads, m, n]` or null; a causal
/// row sees the keys up to its own. Grid: rows from `firstRow` on, heads. Shared memory: `D · 4` bytes rounded up to
/// 16, which is what the compiler loads at once, and `n · 4` for scores.
extern "C" __global__ void __launch_bounds__(128)
    attend_text(const u16* query, const u16* key, const u16* value, const float* bias, u16* output, float* scratch,
                i32 firstRow, i32 rows, i32 keys, i32 heads, i32 keyHeads, i32 dimension, float scale, i32 isCausal) {
  extern __shared__ __align__(1024) u8 memory[];
  __shared__ float partial[4];
  float* own = reinterpret_cast<float*>(memory);
  const i32 row = firstRow + static_cast<i32>(blockIdx.x);
  const i32 head = blockIdx.y;
  float* scores = scratch != nullptr ? scratch + (static_cast<i64>(head) * gridDim.x + blockIdx.x) * keys
                                     : own + (dimension + 3) / 4 * 4;
  const i64 keyStride = static_cast<i64>(keyHeads) * dimension;
  const i64 keyStart = static_cast<i64>(head / (heads / keyHeads)) * dimension;
  const i64 start = (static_cast<i64>(row) * heads + head) * dimension;
  const i32 seen = isCausal ? row + 1 : keys;

  for (i32 index = threadIdx.x; index < dimension; index += blockDim.x)
    own[index] = fromBFloat16(query[start + index]);
  __syncthreads();
  float most = __int_as_float(0xFF800000);
  for (i32 other = threadIdx.x; other < seen; other += blockDim.x) {
    const u16* source = key + other * keyStride + keyStart;
    float sum = 0;
    for (i32 index = 0; index < dimension; index++)
      sum += own[index] * fromBFloat16(source[index]);
    sum *= scale;
    if (bias != nullptr)
      sum += bias[(static_cast<i64>(head) * rows + row) * keys + other];
    scores[other] = sum;
    most = fmaxf(most, sum);
  }
  most = blockMax(most, partial);
  float total = 0;
  for (i32 other = threadIdx.x; other < seen; other += blockDim.x) {
    scores[other] = expf(scores[other] - most);
    total += scores[other];
  }
  total = blockSum(total, partial);
  for (i32 index = threadIdx.x; index < dimension; index += blockDim.x) {
    float sum = 0;
    for (i32 other = 0; other < seen; other++) {
      sum += scores[other] * fromBFloat16(value[other * keyStride + keyStart + index]);
    }
    output[start + index] = toBFloat16(sum / total);
  }
}

/// Rotates elements `i` and `i + D/2` of every head by the angle of its row and of `i`, in place: `values` is
/// `[n, heads · 2 · half]`, `cosine` and `sine` are `[n, half]`. A block takes a row.
extern "C" __global__ void __launch_bounds__(128)
    rotate_text(u16* values, const float* cosine, const float* sine, i32 heads, i32 half) {
  const i64 row = blockIdx.x;
  for (i32 index = threadIdx.x; index < heads * half; index += blockDim.x) {
    const i32 pair = index % half;
    u16* first = values + row * heads * half * 2 + index / half * 2 * half + pair;
    const float x = fromBFloat16(first[0]);
    const float y = fromBFloat16(first[half]);
    const float c = cosine[row * half + pair];
    const float s = sine[row * half + pair];
    first[0] = toBFloat16(x * c - y * s);
    first[half] = toBFloat16(y * c + x * s);
  }
}
