#pragma once

#include "../common/products.h"
#include "key_blocks.h"

/// Attention where the processor multiplies whole tiles (AMX).
///
/// The query block is attended in two halves of 32 rows, which take turns at the same group of keys. A turn multiplies
/// the scores of 32 keys at a time and turns them into weights, then multiplies the weights of the whole group with the
/// values: what goes through the L1 cache is small, and the output is loaded and stored once for a group.
///
/// Weights are taken relative to a base of each row that is far above its scores, so that no score needs to be looked
/// at before its exponential: a weight that came out too large shows in one bit, is rare, and moves the base.

namespace {

/// Keys whose scores become weights at once.
constexpr int kUnitKeys = 2 * kTile;
/// Units of a key block.
constexpr int kBlockUnits = kBlock / kUnitKeys;
/// Key blocks whose weights are gathered before they are multiplied with the values.
constexpr int kGroupBlocks = 4;

/// A new base lies this far above the largest score, in powers of two, so that the weight of that one is exact; it
/// moves when a score exceeds it by one. In between weights grow 256-fold, and none comes near the limits of float32.
constexpr float kHeadroom = 7;

template <class Isa, int NV>
class TileAttention {
  static constexpr int L = Isa::kLanes;
  static constexpr int kColumns = NV * L;
  /// Words of the weights of a row and of a column of values, for one key block.
  static constexpr int kWords = kBlock / Isa::kElementsPerWord;
  /// Rows of scores that become weights at once: as many as fit the registers.
  static constexpr int kRows = 4;
  static constexpr int kUnitWords = kUnitKeys / Isa::kElementsPerWord;

  const float* q;
  const KeyBlocks& blocks;
  int64_t firstRow;
  int64_t dimension;
  const SoftmaxState<Isa>& state; // `maximum` holds the bases
  TileSums<Isa> sums;

  // Of one unit and of one group.
  alignas(64) float scores[kHalf * kUnitKeys];
  alignas(64) float weights[kGroupBlocks][kHalf * kWords];

  float* weightsOf(int unit) { return weights[unit / kBlockUnits] + unit % kBlockUnits * kUnitWords; }

  /// Multiplies the scores of 32 rows with the keys of a unit of the group that begins at `block`.
  SVG_INLINE void score(int half, int64_t block, int unit) {
    const int64_t words = dimension / Isa::kElementsPerWord;
    const float* keys = blocks.keysOf(block + unit / kBlockUnits) + unit % kBlockUnits * kUnitKeys;
    scoreTiles<Isa>(sums, q + half * kHalf * words, keys, words, {scores, scores + kTile, kUnitKeys});
  }

  /// Drops the pairs of a unit that the mask of its block does not keep.
  SVG_INLINE void dropPairs(int half, int64_t block, int unit) {
    block += unit / kBlockUnits;
    if (!blocks.isMasked(block))
      return;
    uint64_t kept[kHalf];
    blocks.findKept(block, firstRow + half * kHalf, kHalf, kept);
    for (int r = 0; r < kHalf; ++r) {
      for (int v = 0; v < kUnitKeys; v += L) {
        float* at = scores + r * kUnitKeys + v;
        const auto mask = static_cast<typename Isa::Mask>(kept[r] >> (unit % kBlockUnits * kUnitKeys + v));
        Isa::store(at, Isa::select(mask, Isa::load(at), Isa::splat(kMasked)));
      }
    }
  }

  /// Turns some rows of scores into weights and adds them to the rows' sums.
  SVG_INLINE void weigh(int half, int unit, int row) {
    using Vec = typename Isa::Vec;
    constexpr int R = kRows;
    const float* from = scores + row * kUnitKeys;
    const int to = half * kHalf + row;
    Vec x[R][2];
    const auto exponentials = [&] {
      SVG_UNROLL for (int r = 0; r < R; ++r) {
        const Vec base = Isa::splat(state.maximum[to + r]);
        SVG_UNROLL for (int v = 0; v < 2; ++v) {
          x[r][v] = Isa::exp2(Isa::sub(Isa::load(from + r * kUnitKeys + v * L), base));
        }
      }
    };
    exponentials();
    if (__builtin_expect(Isa::anyAtLeastTwo(&x[0][0], 2 * R), 0)) {
      for (int r = 0; r < R; ++r)
        raiseBase(half, unit, row + r);
      exponentials();
    }
    float* words = weightsOf(unit) + row * kWords;
    SVG_UNROLL for (int r = 0; r < R; ++r) {
      Vec word;
      Isa::toWords(x[r], &word, 2);
      float* sum = state.sums + (to + r) * L;
      Isa::store(sum, Isa::addWords(Isa::load(sum), word));
      Isa::store(words + r * kWords, word);
    }
  }

  /// Moves the base of a row above its scores in a unit, if they exceed it, and all that the row has gathered with it.
  void raiseBase(int half, int unit, int row) {
    const int to = half * kHalf + row;
    const float* from = scores + row * kUnitKeys;
    const float base = state.maximum[to];
    const float highest = Isa::maximum(Isa::max(Isa::load(from), Isa::load(from + L)));
    if (!(highest >= base + 1))
      return;
    state.maximum[to] = highest + kHeadroom;
    if (base == kNoKeyYet)
      return;
    const typename Isa::Vec factor = Isa::splat(exp2f(base - state.maximum[to]));
    const auto scale = [&](float* at) { Isa::store(at, Isa::mul(Isa::load(at), factor)); };
    scale(state.sums + to * L);
    for (int64_t d = 0; d < dimension; d += L)
      scale(state.output + panelOffset(d, kColumns, kBlock) + to * kColumns);
    for (int earlier = 0; earlier < unit; ++earlier) {
      float* words = weightsOf(earlier) + row * kWords;
      Isa::store(words, Isa::scaleWords(Isa::load(words), factor));
    }
  }

  /// Adds what the weights of a group make of its values to the output of 32 rows.
  SVG_INLINE void accumulate(int half, int64_t block, int count) {
    const float* values[kGroupBlocks];
    for (int b = 0; b < count; ++b)
      values[b] = blocks.valuesOf(block + b);
    accumulateTiles<Isa, NV>(sums, {weights[0], kHalf * kWords, kWords}, values, count, dimension,
                             state.output + half * kHalf * kColumns);
  }

public:
  TileAttention(int64_t firstRow, const float* q, const KeyBlocks& blocks, int64_t dimension,
                const SoftmaxState<Isa>& state)
      : q(q), blocks(blocks), firstRow(firstRow), dimension(dimension),
        state(state), sums{{scores, scores + kTile, kUnitKeys}} {}

  SVG_INLINE void run(int rows) {
    const int halves = rows > kHalf ? 2 : 1;
    for (int64_t block = 0; block < blocks.count; block += kGroupBlocks) {
      const int64_t left = blocks.count - block;
      const int count = static_cast<int>(left < kGroupBlocks ? left : kGroupBlocks);
      for (int half = 0; half < halves; ++half) {
        const int units = count * kBlockUnits;
        score(half, block, 0);
        for (int unit = 0; unit < units; ++unit) {
          // The scores are stored when the next sums begin.
          if (unit + 1 < units) {
            score(half, block, unit + 1);
          } else {
            sums.finish();
          }
          dropPairs(half, block, unit);
          for (int row = 0; row < kHalf; row += kRows)
            weigh(half, unit, row);
        }
        accumulate(half, block, count);
      }
    }
    sums.finish();
  }
};

/// Attends `rows` query rows from packed row `first` on, rounded up to 32, to all key blocks of a task.
template <class Isa, int NV>
inline void attendTiles(int rows, int64_t first, const float* q, const KeyBlocks& blocks, int64_t dimension,
                        const SoftmaxState<Isa>& state) {
  TileAttention<Isa, NV> attention(first, q, blocks, dimension, state);
  attention.run(rows);
}

} // namespace
