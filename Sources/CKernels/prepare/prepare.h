#pragma once

#include "../common/packing.h"

/// QK-norm, rotary embedding, placement and packing: one head and one block of 64 rows per task.
///
/// Reads 3·64·D elements and, with rotary tables, 64·D floats that the heads of a block share through the cache; writes
/// 3·64·D packed elements. Nothing else is touched. Two thirds of its time are arithmetic when all is in the second
/// cache; else it is bound by memory, which is asked for ahead: see `Next`.

namespace {

template <class Isa, class Element>
inline void prepareTask(const svg_prepare& p, int64_t head, int64_t block) {
  const svg_geometry& g = p.projection.geometry;
  const int64_t d = g.head_dimension, operand = g.heads * d;
  BlockRows rows;
  findRows(p.projection, p.patterns[head], block, rows);
  const svg_segment& s = *rows.segment;

  const int64_t words = kBlock * d / Isa::kElementsPerWord, blocks = blockCount(g);
  const int64_t offset = (head * blocks + block) * words;
  float* const q = static_cast<float*>(p.packed_q) + offset;
  float* const k = static_cast<float*>(p.packed_k) + offset;
  float* const v = static_cast<float*>(p.packed_v) + offset;
  const float scale = static_cast<float>(p.softmax_scale * kLog2E);
  // The next task is the next head, or the first one of the next block. Heads of another pattern read other rows.
  const bool isLast = head + 1 == g.heads;
  const bool readsOn = !isLast && p.patterns[head + 1] == p.patterns[head];
  const Next nextTask = {readsOn ? d - 2 * operand : 0,
                         isLast ? q + words - head * blocks * words : q + blocks * words};
  packQueries<Isa>(OperandRows<Element>(p.projection, rows, kQuery, head, {operand, k}), rows, queryRecipe(s, d, scale),
                   q);
  packKeys<Isa>(OperandRows<Element>(p.projection, rows, kKey, head, {operand, v}), rows, keyRecipe(s, d), k);
  packValues<Isa>(OperandRows<Element>(p.projection, rows, kValue, head, nextTask), d, v);
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
