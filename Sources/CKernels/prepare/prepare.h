#pragma once

#include "../common/packing.h"

/// QK-norm, rotary embedding, placement and packing: one head and one block of 64 rows per task.
///
/// Reads 3·64·D elements and, with rotary tables, 64·D floats that the heads of a block share through the cache; writes
/// 3·64·D packed elements. Nothing else is touched: the pass is bound by memory.

namespace {

template <class Isa, class Element>
inline void prepareTask(const svg_prepare& p, int64_t head, int64_t block) {
  const svg_geometry& g = p.projection.geometry;
  const int64_t d = g.head_dimension;
  BlockRows rows;
  findRows(p.projection, p.patterns[head], block, rows);
  const svg_segment& s = *rows.segment;

  const int64_t words = kBlock * d / Isa::kElementsPerWord;
  const int64_t offset = (head * blockCount(g) + block) * words;
  const float scale = static_cast<float>(p.softmax_scale * kLog2E);
  packQueries<Isa>(headColumn<Element>(g, s, kQuery, head), s.row_stride, rows, queryRecipe(s, d, scale),
                   static_cast<float*>(p.packed_q) + offset);
  packKeys<Isa>(headColumn<Element>(g, s, kKey, head), s.row_stride, rows, keyRecipe(s, d),
                static_cast<float*>(p.packed_k) + offset);
  packValues<Isa>(headColumn<Element>(g, s, kValue, head), s.row_stride, rows, d,
                  static_cast<float*>(p.packed_v) + offset);
}

template <class Isa>
inline void prepareTask(const svg_prepare& p, int64_t task) {
  const int64_t heads = p.projection.geometry.heads;
  if (p.projection.element == SVG_BFLOAT16) {
    prepareTask<Isa, uint16_t>(p, task % heads, task / heads);
  } else {
    prepareTask<Isa, float>(p, task % heads, task / heads);
  }
}

} // namespace
