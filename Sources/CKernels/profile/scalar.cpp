#include "../common/scalar.h"
#include "../common/kernels.h"
#include "scratch.h"

namespace {

ScalarSoftmax softmaxOf(const ProfileScratch<double>& scratch, int variant, int64_t row) {
  return {scratch.maximum(variant) + row, scratch.total(variant) + row,
          scratch.output(variant) + row * scratch.dimension};
}

int64_t distance(int64_t i, int64_t j) {
  return i > j ? i - j : j - i;
}

} // namespace

void svg::profile_f64_scalar(const svg_profile& p, int64_t task) {
  const svg_geometry& g = p.projection.geometry;
  const int64_t d = g.head_dimension, head = task / p.split_count, split = task % p.split_count;
  const ProfileScratch<double> scratch = profileScratch<double>(p, task);
  for (int64_t r = 0; r < p.row_count; ++r) {
    queryRow(p.projection, p.projection.video, p.softmax_scale, head, p.rows[r], scratch.queries() + r * d);
    for (int v = 0; v < kVariants; ++v)
      softmaxOf(scratch, v, r).clear(d);
  }
  for (int64_t block = firstBlockOfSplit(p, split); block < firstBlockOfSplit(p, split + 1); ++block) {
    const bool video = block < videoBlocks(g);
    BlockRows rows;
    findRows(p.projection, SVG_PATTERN_SPATIAL, block, rows);
    for (int c = 0; c < rows.count; ++c) {
      const int64_t j = rows.index[c];
      double key[kMaxHeadDimension], value[kMaxHeadDimension];
      keyRow(p.projection, *rows.segment, head, j, key);
      readRow(p.projection, *rows.segment, 2, head, j, value);
      for (int64_t r = 0; r < p.row_count; ++r) {
        const int64_t i = p.rows[r];
        const double score = dot(scratch.queries() + r * d, key, d);
        softmaxOf(scratch, kAllKeys, r).add(score, value, d);
        if (!video || distance(i, j) < p.spatial_half_width)
          softmaxOf(scratch, kSpatialBand, r).add(score, value, d);
        if (!video || distance(tokenMajorIndex(g, i), tokenMajorIndex(g, j)) < p.temporal_half_width) {
          softmaxOf(scratch, kTemporalBand, r).add(score, value, d);
        }
      }
    }
  }
}
