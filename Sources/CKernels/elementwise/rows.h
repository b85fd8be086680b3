#pragma once

/// Operations on rows and on single elements: bound by memory, so each is one loop, or a few over a row in cache.

namespace {

/// A sum over `count` values with a fixed grouping into 16 lanes, whatever the instruction set.
template <class Value>
SVG_INLINE float laneSum(int64_t count, Value value) {
  constexpr int kLanes = 16;
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane)
      lanes[lane] += value(i + lane);
  for (int lane = 0; i < count; ++i, ++lane)
    lanes[lane] += value(i);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int lane = 0; lane < width; ++lane)
      lanes[lane] += lanes[lane + width];
  return lanes[0];
}

template <class T>
void normalizeRows(const T* input, T* output, int64_t rows, int64_t channels, const svg_row_norm& norm) {
  for (int64_t row = 0; row < rows; ++row, input += channels, output += channels) {
    const T* __restrict x = input;
    T* __restrict y = output;
    const float count = static_cast<float>(channels);
    const float mean = norm.centered ? laneSum(channels, [=](int64_t i) { return load(x + i); }) / count : 0.0f;
    const float variance = laneSum(channels,
                                   [=](int64_t i) {
                                     const float d = load(x + i) - mean;
                                     return d * d;
                                   }) /
                           count;
    const float factor = 1.0f / sqrtf(variance + norm.epsilon);
    const float* w = norm.weight;
    const float* b = norm.bias;
    const float* a = norm.scale;
    const float* s = norm.shift;
    // One loop for each form, so that none of them asks inside.
    if (w && b && a)
      for (int64_t i = 0; i < channels; ++i)
        store(y + i, ((load(x + i) - mean) * factor * w[i] + b[i]) * (1.0f + a[i]) + s[i]);
    else if (w && b)
      for (int64_t i = 0; i < channels; ++i)
        store(y + i, (load(x + i) - mean) * factor * w[i] + b[i]);
    else if (!w && !b && a)
      for (int64_t i = 0; i < channels; ++i)
        store(y + i, (load(x + i) - mean) * factor * (1.0f + a[i]) + s[i]);
    else if (w && !a)
      for (int64_t i = 0; i < channels; ++i)
        store(y + i, (load(x + i) - mean) * factor * w[i]);
    else
      for (int64_t i = 0; i < channels; ++i) {
        const float value = (load(x + i) - mean) * factor * (w ? w[i] : 1.0f) + (b ? b[i] : 0.0f);
        store(y + i, a ? value * (1.0f + a[i]) + s[i] : value);
      }
  }
}

template <class T, class Function>
void activate(const T* input, T* output, size_t count, Function) {
  for (size_t i = 0; i < count; ++i)
    store(output + i, Function::apply(load(input + i)));
}

template <class T, class Function>
void gateRows(const T* __restrict input, T* __restrict output, int64_t rows, int64_t half, Function) {
  for (int64_t row = 0; row < rows; ++row, input += 2 * half, output += half)
    for (int64_t i = 0; i < half; ++i)
      store(output + i, Function::apply(load(input + i)) * load(input + half + i));
}

template <class T>
void add(const T* __restrict other, T* __restrict target, size_t count) {
  for (size_t i = 0; i < count; ++i)
    store(target + i, load(target + i) + load(other + i));
}

template <class T>
void addGated(const float* addend, int64_t addendStride, const float* __restrict gate, T* target, int64_t targetStride,
              int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict x = addend + row * addendStride;
    T* __restrict y = target + row * targetStride;
    if (gate)
      for (int64_t i = 0; i < columns; ++i)
        store(y + i, load(y + i) + gate[i] * x[i]);
    else
      for (int64_t i = 0; i < columns; ++i)
        store(y + i, load(y + i) + x[i]);
  }
}

template <class From, class To>
void convert(const From* __restrict source, To* __restrict target, size_t count) {
  for (size_t i = 0; i < count; ++i)
    store(target + i, load(source + i));
}

template <class T>
void rotateHalves(T* target, int64_t rows, int64_t heads, int64_t dimension, const float* cosine, const float* sine) {
  const int64_t half = dimension / 2;
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict c = cosine + row * half;
    const float* __restrict s = sine + row * half;
    for (int64_t head = 0; head < heads; ++head) {
      T* __restrict first = target + (row * heads + head) * dimension;
      T* __restrict second = first + half;
      for (int64_t i = 0; i < half; ++i) {
        const float x = load(first + i), y = load(second + i);
        store(first + i, x * c[i] - y * s[i]);
        store(second + i, y * c[i] + x * s[i]);
      }
    }
  }
}

} // namespace
