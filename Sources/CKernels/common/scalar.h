#pragma once

#include "geometry.h"

#include <math.h>
#include <string.h>

/// What the scalar kernels share: everything in double precision, one element at a time. They are the reference that
/// the other instruction sets are tested against, so they are written to be read.

namespace {

inline double elementAt(const svg_segment& s, svg_element element, int64_t index) {
  if (element == SVG_FLOAT32)
    return static_cast<const float*>(s.rows)[index];
  const uint32_t bits = static_cast<uint32_t>(static_cast<const uint16_t*>(s.rows)[index]) << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Rounds to nearest, ties to even; a NaN stays one.
inline uint16_t bfloat16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != value)
    return 0x7fc0;
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Row `row` of one head's queries (`operand` 0), keys (1) or values (2).
inline void readRow(const svg_projection& p, const svg_segment& s, int operand, int64_t head, int64_t row, double* x) {
  const int64_t d = p.geometry.head_dimension;
  const int64_t column = (operand * p.geometry.heads + head) * d;
  for (int64_t i = 0; i < d; ++i)
    x[i] = elementAt(s, p.element, row * s.row_stride + column + i);
}

inline void normalizeRow(const svg_segment& s, const float* weight, const float* bias, int64_t d, double* x) {
  if (s.norm == SVG_NORM_NONE)
    return;
  double mean = 0, variance = 0;
  if (s.norm == SVG_NORM_LAYER) {
    for (int64_t i = 0; i < d; ++i)
      mean += x[i] / static_cast<double>(d);
  }
  for (int64_t i = 0; i < d; ++i)
    variance += (x[i] - mean) * (x[i] - mean) / static_cast<double>(d);
  for (int64_t i = 0; i < d; ++i) {
    x[i] = (x[i] - mean) / sqrt(variance + s.eps);
    if (weight != nullptr)
      x[i] *= weight[i];
    if (bias != nullptr)
      x[i] += bias[i];
  }
}

inline void rotateRow(const svg_segment& s, int64_t row, int64_t d, double* x) {
  if (s.cosine == nullptr)
    return;
  for (int64_t i = 0; i < d / 2; ++i) {
    const double c = s.cosine[row * (d / 2) + i], sn = s.sine[row * (d / 2) + i];
    const double x0 = x[2 * i], x1 = x[2 * i + 1];
    x[2 * i] = x0 * c - x1 * sn;
    x[2 * i + 1] = x1 * c + x0 * sn;
  }
}

/// A query row as it enters the scores, which are in units of log2.
inline void queryRow(const svg_projection& p, const svg_segment& s, float scale, int64_t head, int64_t row, double* x) {
  const int64_t d = p.geometry.head_dimension;
  readRow(p, s, 0, head, row, x);
  normalizeRow(s, s.q_weight, s.q_bias, d, x);
  rotateRow(s, row, d, x);
  for (int64_t i = 0; i < d; ++i)
    x[i] *= scale * kLog2E;
}

inline void keyRow(const svg_projection& p, const svg_segment& s, int64_t head, int64_t row, double* x) {
  readRow(p, s, 1, head, row, x);
  normalizeRow(s, s.k_weight, s.k_bias, p.geometry.head_dimension, x);
  rotateRow(s, row, p.geometry.head_dimension, x);
}

/// The softmax-weighted sum of values of one query row, one key after the other.
struct ScalarSoftmax {
  double* maximum;
  double* total;
  double* output; // [D]

  void clear(int64_t d) {
    *maximum = -1.0e30; // finite: no infinity minus infinity can arise
    *total = 0;
    for (int64_t i = 0; i < d; ++i)
      output[i] = 0;
  }

  void add(double score, const double* value, int64_t d) {
    if (score > *maximum) {
      const double factor = exp2(*maximum - score);
      *total *= factor;
      for (int64_t i = 0; i < d; ++i)
        output[i] *= factor;
      *maximum = score;
    }
    const double weight = exp2(score - *maximum);
    *total += weight;
    for (int64_t i = 0; i < d; ++i)
      output[i] += weight * value[i];
  }
};

inline double dot(const double* a, const double* b, int64_t d) {
  double sum = 0;
  for (int64_t i = 0; i < d; ++i)
    sum += a[i] * b[i];
  return sum;
}

} // namespace
