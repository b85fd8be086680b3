#pragma once

/// The sum over the lanes of a warp, in every lane.
template <typename Number>
__device__ __forceinline__ Number warpSum(Number value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2)
    value += __shfl_xor_sync(0xFFFFFFFFu, value, distance);
  return value;
}

/// The largest over the lanes of a warp, in every lane.
__device__ __forceinline__ float warpMax(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xFFFFFFFFu, value, distance));
  }
  return value;
}

/// The sum over the threads of a block, in every thread. `scratch` holds a number for each warp.
template <typename Number>
__device__ __forceinline__ Number blockSum(Number value, Number* scratch) {
  value = warpSum(value);
  const int warps = (blockDim.x + 31) / 32;
  __syncthreads();
  if (threadIdx.x % 32 == 0)
    scratch[threadIdx.x / 32] = value;
  __syncthreads();
  Number sum = 0;
  for (int warp = 0; warp < warps; warp++)
    sum += scratch[warp];
  return sum;
}

/// The largest over the threads of a block, in every thread.
__device__ __forceinline__ float blockMax(float value, float* scratch) {
  value = warpMax(value);
  const int warps = (blockDim.x + 31) / 32;
  __syncthreads();
  if (threadIdx.x % 32 == 0)
    scratch[threadIdx.x / 32] = value;
  __syncthreads();
  float most = scratch[0];
  for (int warp = 1; warp < warps; warp++)
    most = fmaxf(most, scratch[warp]);
  return most;
}
