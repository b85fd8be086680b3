#pragma once

#include "mask.h"
#include "tile.h"

/// The three steps of `tile.h` over the rows of a block.

namespace {

/// Groups of tile rows in a block.
constexpr int kGroups = (kBlock + kTileRows - 1) / kTileRows;

inline int rowsOfGroup(int group) {
  return group == kGroups - 1 ? kTailRows : kTileRows;
}

/// Rows of the first `groups` groups.
inline int rowsOfGroups(int groups) {
  return groups == kGroups ? kBlock : groups * kTileRows;
}

/// Calls `Task::run<NV>(…)` with the width of the value panels, which decides the register tile of the second product.
template <class Isa, class Task, class Arguments>
inline void withValueVectors(int64_t dimension, const Arguments& arguments, int64_t task) {
  if constexpr (Isa::kMaxVectors * Isa::kLanes > 16) {
    switch (valueVectors<Isa>(dimension)) {
    case 1:
      return Task::template run<1>(arguments, task);
    case 2:
      return Task::template run<2>(arguments, task);
    case 3:
      return Task::template run<3>(arguments, task);
    default:
      break;
    }
  }
  Task::template run<Isa::kMaxVectors>(arguments, task);
}

template <class Isa>
SVG_INLINE void scoreGroup(int group, const float* q, const float* panel, int64_t words, float* scores) {
  const int row = group * kTileRows;
  if (__builtin_expect(group != kGroups - 1, 1)) {
    scoreTile<Isa, kTileRows>(q + row * words, panel, words, scores + row * kBlock);
  } else {
    scoreTile<Isa, kTailRows>(q + row * words, panel, words, scores + row * kBlock);
  }
}

template <class Isa>
SVG_INLINE void weightGroup(int group, const float* scores, float* weights, const SoftmaxState<Isa>& state,
                            Rescale& rescale) {
  const int row = group * kTileRows;
  constexpr int kWords = kBlock / Isa::kElementsPerWord;
  if (__builtin_expect(group != kGroups - 1, 1)) {
    weightRows<Isa, kTileRows>(scores + row * kBlock, weights + row * kWords, state.maximum + row,
                               state.sums + row * Isa::kLanes, rescale);
  } else {
    weightRows<Isa, kTailRows>(scores + row * kBlock, weights + row * kWords, state.maximum + row,
                               state.sums + row * Isa::kLanes, rescale);
  }
}

template <class Isa, int NV>
SVG_INLINE void accumulateGroup(int group, const float* weights, const float* panel, const Rescale& rescale,
                                float* output) {
  const int row = group * kTileRows;
  constexpr int kWords = kBlock / Isa::kElementsPerWord;
  constexpr int kColumns = NV * Isa::kLanes;
  if (__builtin_expect(group != kGroups - 1, 1)) {
    accumulateTile<Isa, kTileRows, NV>(weights + row * kWords, panel, rescale, output + row * kColumns);
  } else {
    accumulateTile<Isa, kTailRows, NV>(weights + row * kWords, panel, rescale, output + row * kColumns);
  }
}

/// Scores of `groups` row groups with all keys of a block: `[64][64]`.
template <class Isa>
inline void scoreBlock(int groups, const float* q, const float* keys, int64_t words, float* scores) {
  constexpr int kColumns = kKeyColumns<Isa>;
  for (int c = 0; c < kBlock; c += kColumns) {
    for (int group = 0; group < groups; ++group) {
      scoreGroup<Isa>(group, q, keys + c * words, words, scores + c);
    }
  }
}

/// Panel by panel: the weights of the whole block (16 KiB) and one panel stay in the L1 cache.
template <class Isa, int NV>
inline void accumulateBlock(int groups, const float* weights, const float* values, int64_t dimension,
                            const Rescale* rescales, float* output) {
  constexpr int kColumns = NV * Isa::kLanes;
  constexpr int kSteps = kBlock / Isa::kElementsPerWord;
  for (int64_t d = 0; d < dimension; d += kColumns) {
    for (int group = 0; group < groups; ++group) {
      accumulateGroup<Isa, NV>(group, weights, values + d * kSteps, rescales[group], output + d * kBlock);
    }
  }
}

/// Weights and output of a block whose scores are known. `weights` may be `scores`.
template <class Isa, int NV>
inline void applyScores(int groups, const float* scores, float* weights, const float* values, int64_t dimension,
                        const SoftmaxState<Isa>& state) {
  Rescale rescales[kGroups];
  for (int group = 0; group < groups; ++group)
    weightGroup<Isa>(group, scores, weights, state, rescales[group]);
  accumulateBlock<Isa, NV>(groups, weights, values, dimension, rescales, state.output);
}

/// The same for one group, when its scores are still in the L1 cache.
template <class Isa, int NV>
inline void applyGroup(int group, const float* scores, float* weights, const float* values, int64_t dimension,
                       const SoftmaxState<Isa>& state) {
  constexpr int kColumns = NV * Isa::kLanes;
  constexpr int kSteps = kBlock / Isa::kElementsPerWord;
  Rescale rescale;
  weightGroup<Isa>(group, scores, weights, state, rescale);
  for (int64_t d = 0; d < dimension; d += kColumns) {
    accumulateGroup<Isa, NV>(group, weights, values + d * kSteps, rescale, state.output + d * kBlock);
  }
}

} // namespace
