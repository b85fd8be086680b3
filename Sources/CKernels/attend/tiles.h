#pragma once

#include "../common/products.h"
#include "key_blocks.h"

/// Attention where the processor multiplies whole tiles (AMX).
///
/// Tiles multiply faster than the L1 cache is filled, so what counts is how little goes through it. A step is 32 query
/// rows and up to 128 keys: its scores, weights and output fit beside the keys and values that stream through, and the
/// output is loaded and stored once for 128 keys. Both halves of the query block take their turn at the same keys
/// before the next keys come. The exponentials of a step are taken, a few rows at a time, while the scores of the next
/// are multiplied, because products of tiles run beside the vector units.

namespace {

/// Key blocks of a step.
constexpr int kStepBlocks = 2;
/// Scores of a row of a step lie this far apart, in numbers; weights in elements.
constexpr int kStepKeys = kStepBlocks * kBlock;

/// Drops the pairs of 32 rows that the mask of a block does not keep.
template <class Isa>
inline void dropPairs(const uint64_t* kept, float* scores) {
  for (int r = 0; r < kHalf; ++r) {
    for (int v = 0; v < kBlock / Isa::kLanes; ++v) {
      float* at = scores + r * kStepKeys + v * Isa::kLanes;
      const auto mask = static_cast<typename Isa::Mask>(kept[r] >> (v * Isa::kLanes));
      Isa::store(at, Isa::select(mask, Isa::load(at), Isa::splat(kMasked)));
    }
  }
}

/// Turns the scores of a step into weights, some rows at each call, and rescales the output where a maximum grew.
template <class Isa, int NV>
struct WeightPass {
  const float* scores;
  float* weights;
  int first;
  int blocks;
  int64_t dimension;
  const SoftmaxState<Isa>& state;
  int rowsEachCall; // in 1/16
  int row = 0;
  int due = 0;

  SVG_INLINE void operator()() {
    due += rowsEachCall;
    advance(due / 16);
  }
  SVG_INLINE void finish() { advance(kHalf); }

private:
  /// As many rows at once as fit the registers with all their scores.
  static constexpr int kRows = 2;

  SVG_INLINE void advance(int end) {
    end = end < kHalf ? end : kHalf;
    if (blocks == kStepBlocks) {
      for (; row + kRows <= end; row += kRows)
        weigh<kStepKeys>();
    } else {
      for (; row + kRows <= end; row += kRows)
        weigh<kBlock>();
    }
  }
  template <int Keys>
  SVG_INLINE void weigh() {
    constexpr int L = Isa::kLanes;
    constexpr int kStride = kStepKeys / Isa::kElementsPerWord;
    const int to = first + row;
    Rescale rescale;
    weightRows<Isa, kRows, Keys, kStepKeys, kStride>(scores + row * kStepKeys, weights + row * kStride,
                                                     state.maximum + to, state.sums + to * L, rescale);
    if (__builtin_expect(rescale.needed, 0))
      rescaleRows<Isa, kRows, NV>(rescale, dimension, state.output + to * NV * L);
  }
};

/// Attends `rows` query rows from packed row `first` on, rounded up to 32, to all key blocks of a task.
template <class Isa, int NV>
inline void attendTiles(int rows, int64_t first, const float* q, const KeyBlocks& blocks, int64_t dimension,
                        const SoftmaxState<Isa>& state) {
  const int64_t words = dimension / Isa::kElementsPerWord;
  // Step s is half `s & shift` of the query rows and the `s >> shift`-th blocks of keys.
  const int shift = rows > kHalf ? 1 : 0;
  const int64_t steps = (blocks.count + kStepBlocks - 1) / kStepBlocks << shift;
  const auto firstRow = [&](int64_t step) { return static_cast<int>(step & shift) * kHalf; };
  const auto firstBlock = [&](int64_t step) { return (step >> shift) * kStepBlocks; };
  const auto blockCount = [&](int64_t step) {
    const int64_t left = blocks.count - firstBlock(step);
    return static_cast<int>(left < kStepBlocks ? left : kStepBlocks);
  };

  alignas(64) float scores[2][kHalf * kStepKeys];
  alignas(64) float weights[kHalf * kStepKeys / Isa::kElementsPerWord];
  const auto score = [&](int64_t step, auto& between) {
    for (int b = 0; b < blockCount(step); ++b) {
      const int64_t block = firstBlock(step) + b;
      float* to = scores[step % 2] + b * kBlock;
      scoreTiles<Isa, kStepKeys>(q + firstRow(step) * words, blocks.keysOf(block), words, to, between);
      if (blocks.isMasked(block)) {
        uint64_t kept[kHalf];
        blocks.findKept(block, first + firstRow(step), kHalf, kept);
        dropPairs<Isa>(kept, to);
      }
    }
  };

  // The scores of two blocks are four products D/8 times.
  const int rowsEachCall = static_cast<int>(kHalf * 16 / (dimension / 8));
  NothingBetween nothing;
  if (steps > 0)
    score(0, nothing);
  for (int64_t step = 0; step < steps; ++step) {
    const int row = firstRow(step), count = blockCount(step);
    WeightPass<Isa, NV> pass = {scores[step % 2], weights, row, count, dimension, state, rowsEachCall};
    if (step + 1 < steps)
      score(step + 1, pass);
    pass.finish();
    const float* values[kStepBlocks];
    for (int b = 0; b < count; ++b)
      values[b] = blocks.valuesOf(firstBlock(step) + b);
    accumulateTiles<Isa, NV, kStepKeys>(weights, values, count, dimension, state.output + row * NV * Isa::kLanes);
  }
}

} // namespace
