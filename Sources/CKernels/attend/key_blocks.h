#pragma once

#include "../common/block.h"

namespace {

/// The key blocks of a task, and how each is masked.
struct KeyBlocks {
  const uint32_t* entries;
  int64_t count;
  const float* keys;
  const float* values;
  int64_t blockWords;
  const svg_geometry* geometry;
  int32_t halfWidth;

  int64_t index(int64_t i) const { return entries[i] & SVG_KEY_BLOCK_MASK; }
  const float* keysOf(int64_t i) const { return keys + index(i) * blockWords; }
  const float* valuesOf(int64_t i) const { return values + index(i) * blockWords; }
  bool isMasked(int64_t i) const { return (entries[i] & (SVG_KIND_BAND | SVG_KIND_LIMIT)) != 0; }

  /// For `count` query rows from packed row `first` on, one bit for each key of the block: whether the pair is kept.
  void findKept(int64_t i, int64_t first, int count, uint64_t* kept) const {
    const int64_t limit = (entries[i] & SVG_KIND_LIMIT) != 0 ? existingRows(*geometry, index(i)) : kBlock;
    for (int r = 0; r < count; ++r) {
      int64_t begin = 0, end = limit;
      if ((entries[i] & SVG_KIND_BAND) != 0) {
        const int64_t distance = first + r - index(i) * kBlock;
        begin = distance - halfWidth + 1;
        end = distance + halfWidth < limit ? distance + halfWidth : limit;
      }
      kept[r] = bitsBelow(end) & ~bitsBelow(begin);
    }
  }

private:
  static uint64_t bitsBelow(int64_t bit) {
    return bit <= 0 ? 0 : bit >= kBlock ? ~uint64_t{0} : (uint64_t{1} << bit) - 1;
  }
};

} // namespace
