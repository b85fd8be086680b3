#pragma once

#include "ptx/types.cuh"

/// Rows of a tile, and of a block of the mask.
constexpr int kTileRows = 128;
/// Columns of a chunk: 128 bytes of bfloat16, the width of the swizzle.
constexpr int kChunkColumns = 64;
constexpr int kChunkBytes = kTileRows * 128;

/// A key tile to attend: its index, and what must be masked in it.
constexpr u32 kTileIndexMask = 0x0FFFFFFF;
constexpr u32 kNeedsBand = 1u << 28;
constexpr u32 kNeedsLimit = 1u << 29;

/// Where tokens lie, in the sequence and in packed order: the video in a head's own order, whole tiles, then the text,
/// whole tiles.
struct Layout {
  i32 frames;
  i32 tokensPerFrame;
  i32 videoTokens;
  i32 videoTiles;
  i32 textTokens;
  i32 validText;
  i32 textTiles;
  /// The first row of each kind in the sequence.
  i32 videoStart;
  i32 textStart;
  i32 heads;
};

/// The key tiles of one group of query rows.
struct TileRow {
  /// The first packed row of the group.
  i32 firstRow;
  /// Where its entries begin, and how many there are.
  i32 start;
  i32 count;
};

struct AttendParameters {
  Layout layout;
  /// Tiles of all heads.
  const u8* queries;
  const u8* keys;
  const u8* values;
  /// `[S, H·D]` bfloat16.
  u16* output;
  /// `[H]`: 0 frame-major, 1 token-major.
  const u8* patterns;
  /// `[2, groups]`: for each pattern the groups of query rows, those with most keys first.
  const TileRow* rows;
  const u32* entries;
  /// The next item; zero before the launch.
  u32* counter;
  i32 groups;
  /// A video pair is kept iff the distance of its rows is less.
  i32 halfWidth[2];
  /// The factor of the scores times log₂ e.
  float scale;
};
