#pragma once

#include "geometry.cuh"

/// Rows of a tile, and of a block of the mask.
constexpr int kTileRows = 128;
/// Columns of a chunk: 128 bytes of bfloat16, the width of the swizzle.
constexpr int kChunkColumns = 64;
constexpr int kChunkBytes = kTileRows * 128;

/// A key tile to attend: its index, and what must be masked in it.
constexpr u32 kTileIndexMask = 0x0FFFFFFF;
constexpr u32 kNeedsBand = 1u << 28;
constexpr u32 kNeedsLimit = 1u << 29;

/// Bytes of a tile, and where a head's tiles begin.
template <int kDimension, int kElementBytes = 2>
constexpr int kTileBytes = kTileRows* kDimension* kElementBytes;

template <int kDimension, int kElementBytes = 2>
__device__ __forceinline__ i64 headOffset(const Geometry& g, i32 head) {
  return static_cast<i64>(head) * g.rows * (kDimension * kElementBytes);
}

/// Where the 16 bytes with columns `8·piece...` of a packed row lie within its head: tiles of chunks of 64 columns,
/// rows of 128 bytes in which the pieces are exchanged by the row's lowest three bits: the 128-byte swizzle of Hopper's
/// descriptors, which also keeps `ldmatrix` free of bank conflicts.
template <int kDimension>
__device__ __forceinline__ i64 pieceOffset(i32 row, i32 piece) {
  return static_cast<i64>(row / kTileRows) * kTileBytes<kDimension> + piece / 8 * kChunkBytes + row % kTileRows * 128 +
         ((piece % 8) ^ (row % 8)) * 16;
}

/// A group of query rows that attends the same key tiles.
struct RowGroup {
  /// The first packed row of the group.
  i32 firstRow;
  /// Where its entries begin, and how many there are.
  i32 start;
  i32 count;
};

struct AttendParameters {
  Geometry geometry;
  Patterns patterns;
  /// Tiles of all heads. Products of queries and keys are exponents of two.
  const u8* queries;
  const u8* keys;
  const u8* values;
  /// `[S, H·D]` bfloat16.
  u16* output;
  /// `[2, groups]`: for each pattern the groups of query rows, those with most keys first.
  const RowGroup* rowGroups;
  const u32* entries;
  /// The next item: zero before the first launch, and again after each. Not used where a block has one item.
  u32* counter;
  /// How many items a quick softmax left to the kernel that follows it, and which; none before and after the two.
  u32* repeats;
  i32 groups;
  /// A video pair is kept iff the distance of its rows is less.
  i32 halfWidth[2];
};

/// The query rows of an item, and their keys.
struct Item {
  i32 head;
  bool tokenMajor;
  RowGroup group;
};

/// Items are ordered by head, and in each head by falling number of keys: neighbors share keys in the cache, and what
/// is left at the end is short.
__device__ __forceinline__ Item findItem(const AttendParameters& p, u32 index) {
  Item item;
  item.head = static_cast<i32>(index / static_cast<u32>(p.groups));
  item.tokenMajor = isTokenMajor(p.patterns, item.head);
  item.group = p.rowGroups[index - item.head * p.groups + (item.tokenMajor ? p.groups : 0)];
  return item;
}
