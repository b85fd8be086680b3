#pragma once

#include "scratch.h"

#include <math.h>

namespace {

/// One row of one variant, its parts put together.
template <class Real>
struct CombinedRow {
  double output[kMaxHeadDimension];

  void combine(const svg_profile& p, int64_t head, int variant, int64_t row, int64_t columns) {
    const int64_t d = p.projection.geometry.head_dimension;
    const int64_t first = head * p.split_count;
    double maximum = -HUGE_VAL;
    for (int64_t split = 0; split < p.split_count; ++split) {
      const double found = profileScratch<Real>(p, first + split).maximum(variant)[row];
      maximum = found > maximum ? found : maximum;
    }
    double total = 0;
    for (int64_t i = 0; i < d; ++i)
      output[i] = 0;
    for (int64_t split = 0; split < p.split_count; ++split) {
      const ProfileScratch<Real> part = profileScratch<Real>(p, first + split);
      const double factor = exp2(part.maximum(variant)[row] - maximum);
      total += factor * part.total(variant)[row];
      const Real* block = part.output(variant) + row / kBlock * kBlock * d;
      for (int64_t panel = 0; panel < d; panel += columns) {
        const Real* from = block + panel * kBlock + row % kBlock * columns;
        for (int64_t i = 0; i < columns; ++i)
          output[panel + i] += factor * from[i];
      }
    }
    const double inverse = total != 0 ? 1 / total : 0;
    for (int64_t i = 0; i < d; ++i)
      output[i] *= inverse;
  }
};

/// `columns` are those of the panels `[D/columns][64][columns]` that the outputs of a task are in.
template <class Real>
inline void combineProfile(const svg_profile& p, int64_t head, int64_t columns) {
  const int64_t d = p.projection.geometry.head_dimension;
  double errors[kVariants] = {};
  CombinedRow<Real> full, masked;
  for (int64_t row = 0; row < p.row_count; ++row) {
    full.combine(p, head, kAllKeys, row, columns);
    for (int v = kSpatialBand; v <= kTemporalBand; ++v) {
      masked.combine(p, head, v, row, columns);
      for (int64_t i = 0; i < d; ++i) {
        const double difference = masked.output[i] - full.output[i];
        errors[v] += difference * difference;
      }
    }
  }
  const double count = static_cast<double>(p.row_count * d);
  p.errors[2 * head] = static_cast<float>(errors[kSpatialBand] / count);
  p.errors[2 * head + 1] = static_cast<float>(errors[kTemporalBand] / count);
}

} // namespace
