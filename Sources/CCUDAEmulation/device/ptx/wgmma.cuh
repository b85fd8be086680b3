#pragma once

#include "ptx/convert.cuh"
#include "ptx/memory.cuh"

// Products are done at once, so that fences and waits are nothing.

__device__ __forceinline__ void fenceProducts() {}
__device__ __forceinline__ void commitProducts() {}
template <int kPending>
__device__ __forceinline__ void waitForProducts() {}
template <typename Number, int kCount>
__device__ __forceinline__ void pin(Number (&)[kCount]) {}
/// What a thread has when its block begins, as many as the register file has room for.
__device__ __forceinline__ int launchRegisters() {
  return 65536 / static_cast<int>(emulated::block->threads.x) / 8 * 8;
}
/// Takes registers that other threads have given back, and waits for them.
template <int kRegisters>
__device__ __forceinline__ void growRegisters() {
  const int wanted = kRegisters - launchRegisters();
  while (emulated::block->freeRegisters < wanted)
    emulated::yield();
  emulated::block->freeRegisters -= wanted;
}
template <int kRegisters>
__device__ __forceinline__ void shrinkRegisters() {
  emulated::block->freeRegisters += launchRegisters() - kRegisters;
}

__device__ __forceinline__ u64 describe(u32 address, u32 leading = 16) {
  return static_cast<u64>(leading) << 32 | (address & 0x3FFFF);
}
__device__ __forceinline__ u64 advance(u64 descriptor, u32 bytes) {
  return descriptor + bytes;
}

/// The byte `offset` of an operand; the 128-byte swizzle exchanges pieces of 16 bytes by the lowest bits of the row.
__device__ __forceinline__ const u8* operandPointer(u64 descriptor, u32 offset) {
  const u32 linear = static_cast<u32>(descriptor & 0x3FFFF) + offset;
  return sharedPointer((1u << 30) + (linear ^ (linear >> 7 & 7) << 4));
}

/// Where row `row` of an operand with the summed columns in its rows begins.
__device__ __forceinline__ u32 operandRow(u32 row) {
  return row / 8 * 1024 + row % 8 * 128;
}

__device__ __forceinline__ float operandBFloat16(u64 descriptor, u32 offset) {
  u16 bits;
  std::memcpy(&bits, operandPointer(descriptor, offset), 2);
  return fromBFloat16(bits);
}
__device__ __forceinline__ float operandFloat8(u64 descriptor, u32 offset) {
  return fromFloat8(*operandPointer(descriptor, offset));
}

/// d (+)= A · B for a left operand of the thread's two rows, and a right one that names its element of a summed column
/// and a column.
template <int kDepth, int kCount, typename Right>
__device__ __forceinline__ void multiplyAccumulators(float (&d)[kCount], const float (&left)[2][kDepth],
                                                     const Right& right, bool accumulate) {
  for (int j = 0; j < kCount / 4; j++) {
    for (int e = 0; e < 2; e++) {
      const u32 column = static_cast<u32>(8 * j + 2 * (emulated::lane() % 4) + e);
      float sums[2] = {};
      for (u32 k = 0; k < kDepth; k++) {
        const float other = right(k, column);
        sums[0] += left[0][k] * other;
        sums[1] += left[1][k] * other;
      }
      for (int r = 0; r < 2; r++)
        d[4 * j + 2 * r + e] = (accumulate ? d[4 * j + 2 * r + e] : 0) + sums[r];
    }
  }
}

/// The first of a thread's two rows.
__device__ __forceinline__ u32 operandFirstRow() {
  return threadIdx.x % 128 / 32 * 16 + static_cast<u32>(emulated::lane()) / 4;
}

__device__ __forceinline__ void multiplyShared(float (&d)[64], u64 a, u64 b, bool accumulate) {
  float left[2][16];
  for (u32 r = 0; r < 2; r++)
    for (u32 k = 0; k < 16; k++)
      left[r][k] = operandBFloat16(a, operandRow(operandFirstRow() + 8 * r) + 2 * k);
  multiplyAccumulators(
      d, left, [&](u32 k, u32 column) { return operandBFloat16(b, operandRow(column) + 2 * k); }, accumulate);
}

__device__ __forceinline__ void multiplySharedFloat8(float (&d)[64], u64 a, u64 b, bool accumulate) {
  float left[2][32];
  for (u32 r = 0; r < 2; r++)
    for (u32 k = 0; k < 32; k++)
      left[r][k] = operandFloat8(a, operandRow(operandFirstRow() + 8 * r) + k);
  multiplyAccumulators(
      d, left, [&](u32 k, u32 column) { return operandFloat8(b, operandRow(column) + k); }, accumulate);
}

/// A left operand in the registers of a warp: the number of bytes `first...` of the thread that holds them.
template <int kBytes, typename Convert>
__device__ __forceinline__ void gatherRows(float (&left)[2][32 / kBytes], u32 a0, u32 a1, u32 a2, u32 a3,
                                           const Convert& convert) {
  const u32 words[4] = {a0, a1, a2, a3};
  const emulated::Words* all = emulated::publish(words, 4);
  const int quad = emulated::lane() / 4 * 4;
  for (int r = 0; r < 2; r++)
    for (int k = 0; k < 32 / kBytes; k++) {
      const u32 word = all[quad + k * kBytes % 16 / 4][k * kBytes / 16 * 2 + r];
      left[r][k] = convert(word >> k * kBytes % 4 * 8);
    }
}

template <int kCount>
__device__ __forceinline__ void multiplyRegisters(float (&d)[kCount], u32 a0, u32 a1, u32 a2, u32 a3, u64 b,
                                                  bool accumulate) {
  float left[2][16];
  gatherRows<2>(left, a0, a1, a2, a3, [](u32 bits) { return fromBFloat16(static_cast<u16>(bits)); });
  const u32 leading = static_cast<u32>(b >> 32);
  multiplyAccumulators(
      d, left,
      [&](u32 k, u32 column) { return operandBFloat16(b, column / 64 * leading + operandRow(k) + column % 64 * 2); },
      accumulate);
}

__device__ __forceinline__ void multiplyRegistersFloat8(float (&d)[64], u32 a0, u32 a1, u32 a2, u32 a3, u64 b,
                                                        bool accumulate) {
  float left[2][32];
  gatherRows<1>(left, a0, a1, a2, a3, [](u32 bits) { return fromFloat8(static_cast<u8>(bits)); });
  multiplyAccumulators(
      d, left, [&](u32 k, u32 column) { return operandFloat8(b, operandRow(column) + k); }, accumulate);
}
