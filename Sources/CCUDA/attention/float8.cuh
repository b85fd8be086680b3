#pragma once

#include "parameters.cuh"

// Heads of 128 elements in e4m3 (4 bits of exponent, 3 of fraction), half the bytes of bfloat16.
//
// A number is kept with a relative error of at most 1/16 from 2^-6 to 448, so a scale has but to bring the largest
// number to 448: one for each tile of queries, one for the keys of a head and one for its values. The mean of a head's
// keys is taken off before, which changes all scores of a query by the same and so nothing. Tiles of queries and of
// keys are `[128 rows][128 elements]`, tiles of values `[128 elements][128 keys]`; each row is 128 bytes with the
// swizzle of `pieceOffset`.

/// The largest number of e4m3.
constexpr float kLargestFloat8 = 448.0f;

/// What quantization knows of a head.
struct HeadStatistics {
  float keyMean[128];
  /// Factors of the e4m3 keys and values.
  float keyScale;
  float valueScale;
};

struct Float8AttendParameters : AttendParameters {
  /// `[H, tiles]`: the factors of the e4m3 queries.
  const float* queryScales;
  /// `[H]`.
  const HeadStatistics* statistics;
};

/// Where the 16 bytes `piece` of row `row` of a tile lie within it.
__device__ __forceinline__ u32 float8PieceOffset(u32 row, u32 piece) {
  return row * 128 + (piece ^ (row % 8)) * 16;
}

/// The key at a place of a row of values: 16 keys are in the order 0 1 8 9, 2 3 10 11, 4 5 12 13, 6 7 14 15.
__device__ __forceinline__ constexpr u32 float8Key(u32 place) {
  return (place & ~15u) + place % 16 / 4 * 2 + place % 2 + place % 4 / 2 * 8;
}
