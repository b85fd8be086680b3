#include "../common/scalar.h"
#include "../common/kernels.h"

namespace {

/// Packed operands are plain `[head][packed row][D]` of doubles.
double* packedRow(void* packed, const svg_geometry& g, int64_t head, int64_t row) {
  return static_cast<double*>(packed) + (head * blockCount(g) * kBlock + row) * g.head_dimension;
}

} // namespace

void svg::prepare_f64_scalar(const svg_prepare& p, int64_t task) {
  const svg_geometry& g = p.projection.geometry;
  const int64_t head = task % g.heads, block = task / g.heads;
  BlockRows rows;
  findRows(p.projection, p.patterns[head], block, rows);
  for (int r = 0; r < kBlock; ++r) {
    double* q = packedRow(p.packed_q, g, head, block * kBlock + r);
    double* k = packedRow(p.packed_k, g, head, block * kBlock + r);
    double* v = packedRow(p.packed_v, g, head, block * kBlock + r);
    if (r < rows.count) {
      queryRow(p.projection, *rows.segment, p.softmax_scale, head, rows.index[r], q);
      keyRow(p.projection, *rows.segment, head, rows.index[r], k);
      readRow(p.projection, *rows.segment, 2, head, rows.index[r], v);
    } else {
      for (int64_t i = 0; i < g.head_dimension; ++i)
        q[i] = k[i] = v[i] = 0;
    }
  }
}
