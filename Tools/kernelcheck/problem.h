#pragma once

#include "../../Sources/CKernels/include/CKernels.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

/// A random attention problem, and the lists of key blocks that it keeps.

struct Random {
  uint64_t state;

  /// SplitMix64.
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  float normal() {
    return static_cast<float>(std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform()));
  }
};

struct Buffer {
  void* bytes;
  size_t size;

  explicit Buffer(size_t size) : bytes(std::aligned_alloc(64, (size + 63) / 64 * 64)), size(size) {
    std::memset(bytes, 0xff, size); // NaNs: whatever is not written shows
  }
  ~Buffer() { std::free(bytes); }
  Buffer(const Buffer&) = delete;
};

inline uint16_t roundToBFloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float widen(uint16_t value) {
  const uint32_t bits = static_cast<uint32_t>(value) << 16;
  float wide;
  std::memcpy(&wide, &bits, 4);
  return wide;
}

struct BlockList {
  std::vector<int32_t> offsets = {0};
  std::vector<uint32_t> entries;
  int64_t halfWidth = 0;

  svg_block_list face() const { return {offsets.data(), entries.data(), halfWidth}; }
};

/// Every video pair within `halfWidth`, every text key, and every key for text; the whole of it if `halfWidth` is V.
inline BlockList bandList(const svg_geometry& g, int64_t halfWidth) {
  BlockList list;
  list.halfWidth = halfWidth;
  const int64_t video = svg_video_blocks(&g), blocks = svg_block_count(&g);
  for (int64_t i = 0; i < blocks; ++i) {
    for (int64_t j = 0; j < blocks; ++j) {
      uint32_t entry = static_cast<uint32_t>(j);
      if (i < video && j < video) {
        const int64_t between = (i > j ? i - j : j - i) * 64;
        if (between - 63 >= halfWidth)
          continue;
        if (between + 63 >= halfWidth)
          entry |= SVG_KIND_BAND;
      }
      const int64_t end = j < video ? g.frames * g.tokens_per_frame : g.valid_text;
      if ((j < video ? j + 1 : j - video + 1) * 64 > end)
        entry |= SVG_KIND_LIMIT;
      list.entries.push_back(entry);
    }
    list.offsets.push_back(static_cast<int32_t>(list.entries.size()));
  }
  return list;
}

struct Problem {
  svg_geometry geometry;
  svg_element element;
  std::vector<float> video, text, weights, cosine, sine;
  std::vector<uint16_t> videoRounded, textRounded;
  std::vector<uint8_t> patterns;
  BlockList spatial, temporal;
  svg_projection projection;
  float scale;

  Problem(svg_geometry g, svg_element element, svg_norm norm, bool rotary, uint64_t seed, float magnitude = 1)
      : geometry(g), element(element) {
    Random random = {seed};
    const int64_t d = g.head_dimension, row = 3 * g.heads * d, tokens = g.frames * g.tokens_per_frame;
    auto fill = [&](std::vector<float>& values, std::vector<uint16_t>& rounded, int64_t count) {
      values.resize(count);
      rounded.resize(count);
      for (int64_t i = 0; i < count; ++i) {
        values[i] = random.normal() * magnitude;
        rounded[i] = roundToBFloat16(values[i]);
      }
    };
    fill(video, videoRounded, tokens * row);
    fill(text, textRounded, g.text_tokens * row);
    weights.resize(4 * d);
    for (int64_t i = 0; i < 4 * d; ++i)
      weights[i] = (i / d % 2 == 0 ? 1 : 0) + random.normal() * 0.2f;
    for (int64_t i = 0; i < tokens * d / 2; ++i) {
      const float angle = random.normal() * 3;
      cosine.push_back(std::cos(angle));
      sine.push_back(std::sin(angle));
    }
    for (int64_t h = 0; h < g.heads; ++h)
      patterns.push_back(h % 2 == 0 ? SVG_PATTERN_SPATIAL : SVG_PATTERN_TEMPORAL);
    scale = static_cast<float>(1 / std::sqrt(static_cast<double>(d)));
    const bool wide = element == SVG_FLOAT32;
    auto segment = [&](const void* rows, bool rotates) {
      const float* w = weights.data();
      return svg_segment{rows,
                         row,
                         norm,
                         1e-6f,
                         w,
                         w + d,
                         w + 2 * d,
                         w + 3 * d,
                         rotates ? cosine.data() : nullptr,
                         rotates ? sine.data() : nullptr};
    };
    projection = {g, element, segment(wide ? static_cast<const void*>(video.data()) : videoRounded.data(), rotary),
                  segment(wide ? static_cast<const void*>(text.data()) : textRounded.data(), false)};
    setBand(tokens);
  }
  Problem(const Problem&) = delete;

  void setBand(int64_t halfWidth) {
    spatial = bandList(geometry, halfWidth);
    temporal = spatial;
  }
  int64_t rows() const { return geometry.frames * geometry.tokens_per_frame + geometry.text_tokens; }
  int64_t columns() const { return geometry.heads * geometry.head_dimension; }
};

/// Packed operands and output of a problem on one instruction set.
struct Run {
  svg_isa isa;
  Buffer q, k, v, out;
  svg_prepare prepare;
  svg_attend attend;

  Run(const Problem& p, svg_isa isa, svg_element output)
      : isa(isa), q(svg_packed_bytes(&p.geometry, isa)), k(q.size), v(q.size),
        out(static_cast<size_t>(p.rows() * p.columns()) * (output == SVG_BFLOAT16 ? 2 : 4)) {
    prepare = {p.projection, p.patterns.data(), p.scale, q.bytes, k.bytes, v.bytes};
    attend = {p.geometry, p.patterns.data(), p.spatial.face(), p.temporal.face(), q.bytes, k.bytes,
              v.bytes,    out.bytes,         output,           p.columns()};
  }
  void all() {
    svg_prepare_heads(&prepare, isa, 0, svg_prepare_task_count(&prepare));
    for (int64_t task = 0; task < svg_attend_task_count(&attend); ++task)
      svg_attend_blocks(&attend, isa, task);
  }
  float at(int64_t i) const {
    return attend.output_element == SVG_BFLOAT16 ? widen(static_cast<uint16_t*>(out.bytes)[i])
                                                 : static_cast<float*>(out.bytes)[i];
  }
};
