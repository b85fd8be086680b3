#pragma once

#include "common/bfloat16.cuh"

// Tiles of 32 bfloat16 columns in shared memory and the instructions of sm_80 that work on them.
//
// A row is 64 bytes: four pieces of 16. Piece `p` of row `r` lies at place `p ^ ((r / 2) & 3)`, so that the eight rows
// that ldmatrix reads at once fall into different banks.

/// Where a piece of a row lies, in bytes from the start of the tile.
__device__ __forceinline__ u32 pieceOffset(int row, int piece) {
  return static_cast<u32>(row * 64 + ((piece ^ ((row >> 1) & 3)) << 4));
}

/// Copies 16 bytes to shared memory without waiting; zeros where `exists` is false.
__device__ __forceinline__ void copyPiece(u32 target, const void* source, bool exists) {
  const int bytes = exists ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(source), "r"(bytes));
}

/// Closes the group of copies that were begun.
__device__ __forceinline__ void closeCopies() {
  asm volatile("cp.async.commit_group;");
}

/// Waits until at most `kGroups` groups of copies are under way.
template <int kGroups>
__device__ __forceinline__ void waitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kGroups));
}

/// Four 8x8 matrices of 16-bit numbers; each lane gives the address of a row.
__device__ __forceinline__ void loadMatrices(u32 (&fragments)[4], u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(fragments[0]), "=r"(fragments[1]), "=r"(fragments[2]), "=r"(fragments[3])
               : "r"(address));
}

/// `sums += a · b` for 16 rows of `a`, 8 columns of `b` and 16 products.
__device__ __forceinline__ void multiplyAdd(float (&sums)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
