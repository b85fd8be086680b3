#pragma once

/// Attention over a few hundred to a few thousand keys: plain loops, vectorized over keys for the scores and over the
/// head's elements for the averages. Four query rows at a time share every load of a key or a value.

namespace {

constexpr int64_t kQueryRows = 4;

/// Keys, rounded up to whole vectors.
SVG_INLINE int64_t paddedKeys(int64_t rows) {
  return (rows + 15) / 16 * 16;
}

template <class T>
void attendText(const svg_text_attention& a) {
  const int64_t count = a.rows;
  const int64_t n = a.keys;
  const int64_t d = a.dimension;
  const int64_t padded = paddedKeys(n);
  float* keys = a.scratch;                    // [d, padded]
  float* values = keys + d * padded;          // [n, d]
  float* scores = values + n * d;             // [kQueryRows, padded]
  float* sums = scores + kQueryRows * padded; // [kQueryRows, d]
  for (int64_t i = 0; i < n; ++i) {
    const T* key = static_cast<const T*>(a.key) + i * a.key_stride;
    const T* value = static_cast<const T*>(a.value) + i * a.key_stride;
    for (int64_t e = 0; e < d; ++e) {
      keys[e * padded + i] = load(key + e);
      values[i * d + e] = load(value + e);
    }
  }
  for (int64_t e = 0; e < d; ++e)
    for (int64_t i = n; i < padded; ++i)
      keys[e * padded + i] = 0;

  for (int64_t first = 0; first < count; first += kQueryRows) {
    const int64_t rows = count - first < kQueryRows ? count - first : kQueryRows;
    const int64_t seen = a.causal ? first + rows : n;
    for (int64_t i = 0; i < kQueryRows * padded; ++i)
      scores[i] = 0;
    for (int64_t row = 0; row < rows; ++row) {
      const T* query = static_cast<const T*>(a.query) + (first + row) * a.query_stride;
      float* __restrict score = scores + row * padded;
      int64_t e = 0;
      for (; e + 4 <= d; e += 4) {
        const float q0 = load(query + e) * a.scale, q1 = load(query + e + 1) * a.scale;
        const float q2 = load(query + e + 2) * a.scale, q3 = load(query + e + 3) * a.scale;
        const float* __restrict k0 = keys + e * padded;
        for (int64_t i = 0; i < seen; ++i)
          score[i] += q0 * k0[i] + q1 * k0[i + padded] + q2 * k0[i + 2 * padded] + q3 * k0[i + 3 * padded];
      }
      for (; e < d; ++e) {
        const float q = load(query + e) * a.scale;
        for (int64_t i = 0; i < seen; ++i)
          score[i] += q * keys[e * padded + i];
      }
    }
    for (int64_t row = 0; row < rows; ++row) {
      float* __restrict score = scores + row * padded;
      const int64_t visible = a.causal ? first + row + 1 : n;
      if (a.bias) {
        const float* __restrict bias = a.bias + (first + row) * n;
        for (int64_t i = 0; i < visible; ++i)
          score[i] += bias[i];
      }
      float highest = score[0];
      for (int64_t i = 1; i < visible; ++i)
        highest = score[i] > highest ? score[i] : highest;
      for (int64_t i = 0; i < visible; ++i)
        score[i] = exponential(score[i] - highest);
      const float factor = 1.0f / laneSum(visible, [=](int64_t i) { return score[i]; });
      for (int64_t i = 0; i < visible; ++i)
        score[i] *= factor;
      for (int64_t i = visible; i < seen; ++i)
        score[i] = 0;
    }
    for (int64_t i = 0; i < kQueryRows * d; ++i)
      sums[i] = 0;
    for (int64_t i = 0; i < seen; ++i) {
      const float* __restrict value = values + i * d;
      float* __restrict sum = sums;
      const float p0 = scores[i], p1 = scores[padded + i], p2 = scores[2 * padded + i], p3 = scores[3 * padded + i];
      for (int64_t e = 0; e < d; ++e) {
        sum[e] += p0 * value[e];
        sum[d + e] += p1 * value[e];
        sum[2 * d + e] += p2 * value[e];
        sum[3 * d + e] += p3 * value[e];
      }
    }
    for (int64_t row = 0; row < rows; ++row) {
      T* output = static_cast<T*>(a.output) + (first + row) * a.query_stride;
      for (int64_t e = 0; e < d; ++e)
        store(output + e, sums[row * d + e]);
    }
  }
}

} // namespace
