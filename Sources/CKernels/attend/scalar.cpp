#include "../common/scalar.h"
#include "../common/kernels.h"

namespace {

void writeElement(const svg_attend& a, int64_t index, double value) {
  if (a.output_element == SVG_BFLOAT16) {
    static_cast<uint16_t*>(a.output)[index] = bfloat16(static_cast<float>(value));
  } else {
    static_cast<float*>(a.output)[index] = static_cast<float>(value);
  }
}

/// Whether the pair of query row i and key row j, in packed order, is kept by an entry of the list.
bool keeps(const svg_geometry& g, const svg_block_list& list, uint32_t entry, int64_t i, int64_t j) {
  if ((entry & SVG_KIND_BAND) != 0 && (i > j ? i - j : j - i) >= list.half_width)
    return false;
  return (entry & SVG_KIND_LIMIT) == 0 || j % kBlock < existingRows(g, j / kBlock);
}

/// Where row i of a head, in packed order, is in the sequence; −1 for the padding of blocks.
int64_t sequenceRow(const svg_geometry& g, uint8_t pattern, int64_t i) {
  const int64_t video = videoTokens(g), textStart = videoBlocks(g) * kBlock;
  if (i >= textStart) {
    const int64_t row = i - textStart;
    return row >= g.text_tokens ? -1 : (g.text_first ? 0 : video) + row;
  }
  if (i >= video)
    return -1;
  const int64_t frameMajor = pattern == SVG_PATTERN_TEMPORAL ? i % g.frames * g.tokens_per_frame + i / g.frames : i;
  return (g.text_first ? g.text_tokens : 0) + frameMajor;
}

} // namespace

void svg::attend_f64_scalar(const svg_attend& a, int64_t task) {
  const svg_geometry& g = a.geometry;
  const int64_t d = g.head_dimension, blocks = blockCount(g);
  const int64_t head = task / blocks, block = task % blocks;
  const svg_block_list& list = a.patterns[head] == SVG_PATTERN_TEMPORAL ? a.temporal : a.spatial;
  const double* q = static_cast<const double*>(a.packed_q) + head * blocks * kBlock * d;
  const double* k = static_cast<const double*>(a.packed_k) + head * blocks * kBlock * d;
  const double* v = static_cast<const double*>(a.packed_v) + head * blocks * kBlock * d;

  for (int64_t i = block * kBlock; i < (block + 1) * kBlock; ++i) {
    const int64_t row = sequenceRow(g, a.patterns[head], i);
    if (row < 0)
      continue;
    double maximum, total, output[kMaxHeadDimension];
    ScalarSoftmax softmax = {&maximum, &total, output};
    softmax.clear(d);
    if (i % kBlock < existingRows(g, block)) {
      for (int32_t e = list.row_offsets[block]; e < list.row_offsets[block + 1]; ++e) {
        const int64_t first = static_cast<int64_t>(list.entries[e] & SVG_KEY_BLOCK_MASK) * kBlock;
        for (int64_t j = first; j < first + kBlock; ++j) {
          if (keeps(g, list, list.entries[e], i, j))
            softmax.add(dot(q + i * d, k + j * d, d), v + j * d, d);
        }
      }
    }
    for (int64_t c = 0; c < d; ++c) {
      writeElement(a, row * a.output_stride + head * d + c, total != 0 ? output[c] / total : 0);
    }
  }
}
