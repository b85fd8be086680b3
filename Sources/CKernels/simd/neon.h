#pragma once

#include "simd.h"

namespace {

/// aarch64 NEON, float32. Tile 6 × 16: 24 accumulators, 4 columns and a broadcast of the 32 registers.
struct Neon {
  static constexpr int kLanes = 4;
  static constexpr int kElementsPerWord = 1;
  static constexpr int kMaxVectors = 4;
  static constexpr bool kPanelOuter = true;
  static constexpr bool kHasTiles = false;

  using Vec = float32x4_t;
  using IVec = int32x4_t;
  using Mask = uint32x4_t;

  static SVG_INLINE Vec zero() { return vdupq_n_f32(0); }
  static SVG_INLINE Vec splat(float x) { return vdupq_n_f32(x); }
  static SVG_INLINE Vec load(const float* p) { return vld1q_f32(p); }
  static SVG_INLINE void store(float* p, Vec x) { vst1q_f32(p, x); }
  static SVG_INLINE Vec add(Vec a, Vec b) { return vaddq_f32(a, b); }
  static SVG_INLINE Vec sub(Vec a, Vec b) { return vsubq_f32(a, b); }
  static SVG_INLINE Vec mul(Vec a, Vec b) { return vmulq_f32(a, b); }
  static SVG_INLINE Vec fma(Vec a, Vec b, Vec c) { return vfmaq_f32(c, a, b); }
  static SVG_INLINE Vec max(Vec a, Vec b) { return vmaxq_f32(a, b); }
  static SVG_INLINE Vec multiplyAdd(Vec a, Vec b, Vec acc) { return vfmaq_f32(acc, a, b); }

  static SVG_INLINE Vec fmsub(Vec a, Vec b, Vec c) { return vnegq_f32(vfmsq_f32(c, a, b)); }
  static SVG_INLINE Vec div(Vec a, Vec b) { return vdivq_f32(a, b); }
  static SVG_INLINE Vec sqrt(Vec x) { return vsqrtq_f32(x); }

  static SVG_INLINE float sum(Vec x) { return vaddvq_f32(x); }
  static SVG_INLINE float maximum(Vec x) { return vmaxvq_f32(x); }
  static SVG_INLINE bool anyPositive(Vec x) { return vmaxvq_u32(vcgtzq_f32(x)) != 0; }

  /// 2^x for x ≤ 0; exactly 0 below −127.
  static SVG_INLINE Vec exp2(Vec x) {
    x = vmaxq_f32(x, vdupq_n_f32(-127.0f));
    const Vec n = vrndnq_f32(x);
    const Vec f = vsubq_f32(x, n);
    Vec y = vdupq_n_f32(kExp2Centered[4]);
    y = vfmaq_f32(vdupq_n_f32(kExp2Centered[3]), y, f);
    y = vfmaq_f32(vdupq_n_f32(kExp2Centered[2]), y, f);
    y = vfmaq_f32(vdupq_n_f32(kExp2Centered[1]), y, f);
    y = vfmaq_f32(vdupq_n_f32(kExp2Centered[0]), y, f);
    y = vfmaq_f32(vdupq_n_f32(1.0f), y, f);
    // n = −127 gives a biased exponent of 0, which is the number 0.
    const IVec exponent = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
    return vmulq_f32(y, vreinterpretq_f32_s32(exponent));
  }

  static SVG_INLINE Vec loadBFloat16(const uint16_t* p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
  /// Rounds to nearest, ties to even; a NaN stays one.
  static SVG_INLINE void storeBFloat16(uint16_t* p, Vec x) {
    const uint32x4_t bits = vreinterpretq_u32_f32(x);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
    const uint32x4_t kept = vbslq_u32(vceqq_f32(x, x), rounded, vdupq_n_u32(0x7fc00000));
    vst1_u16(p, vshrn_n_u32(kept, 16));
  }

  /// N is always the number of lanes: dimensions are multiples of 16.
  template <int N>
  static SVG_INLINE Vec loadFirst(const float* p) {
    return load(p);
  }
  template <int N>
  static SVG_INLINE Vec keepFirst(Vec x) {
    return x;
  }
  template <int N>
  static SVG_INLINE Pairs<Vec> loadPairs(const uint16_t* p) {
    const uint32x4_t words = vreinterpretq_u32_u16(vld1q_u16(p));
    return {vreinterpretq_f32_u32(vshlq_n_u32(words, 16)),
            vreinterpretq_f32_u32(vandq_u32(words, vdupq_n_u32(0xffff0000)))};
  }
  template <int N>
  static SVG_INLINE Pairs<Vec> loadPairs(const float* p) {
    const float32x4x2_t pairs = vld2q_f32(p);
    return {pairs.val[0], pairs.val[1]};
  }
  /// Stores the even elements, then the odd ones.
  template <int N>
  static SVG_INLINE void storePairs(float* p, Pairs<Vec> x) {
    store(p, x.even);
    store(p + N, x.odd);
  }

  static SVG_INLINE IVec loadIndices(const int32_t* p) { return vld1q_s32(p); }
  static SVG_INLINE IVec splatIndex(int32_t x) { return vdupq_n_s32(x); }
  /// `|a − b| < width` and `column < limit`.
  static SVG_INLINE Mask keeps(IVec a, IVec b, IVec width, IVec column, IVec limit) {
    return vandq_u32(vcltq_s32(vabdq_s32(a, b), width), vcltq_s32(column, limit));
  }
  static SVG_INLINE Vec select(Mask mask, Vec yes, Vec no) { return vbslq_f32(mask, yes, no); }
  static SVG_INLINE bool any(Mask mask) { return vmaxvq_u32(mask) != 0; }

  /// Vectors of neighbors to vectors of words, in order.
  static SVG_INLINE void toWords(const Vec* x, Vec* words, int vectors) {
    for (int v = 0; v < vectors; ++v)
      words[v] = x[v];
  }
  /// Adds the elements of each word to a lane.
  static SVG_INLINE Vec addWords(Vec acc, Vec words) { return vaddq_f32(acc, words); }

  /// The values of one row as words; `second` would be its neighbor.
  static SVG_INLINE Vec loadColumn(const float* first, const float*) { return load(first); }
  static SVG_INLINE Vec loadColumn(const uint16_t* first, const uint16_t*) { return loadBFloat16(first); }

  /// Transposes 4 × 4 words; strides in words.
  static SVG_INLINE void transpose(const float* from, int64_t fromStride, float* to, int64_t toStride, int64_t) {
    const float32x4x2_t low = vtrnq_f32(vld1q_f32(from), vld1q_f32(from + fromStride));
    const float32x4x2_t high = vtrnq_f32(vld1q_f32(from + 2 * fromStride), vld1q_f32(from + 3 * fromStride));
    vst1q_f32(to, vcombine_f32(vget_low_f32(low.val[0]), vget_low_f32(high.val[0])));
    vst1q_f32(to + toStride, vcombine_f32(vget_low_f32(low.val[1]), vget_low_f32(high.val[1])));
    vst1q_f32(to + 2 * toStride, vcombine_f32(vget_high_f32(low.val[0]), vget_high_f32(high.val[0])));
    vst1q_f32(to + 3 * toStride, vcombine_f32(vget_high_f32(low.val[1]), vget_high_f32(high.val[1])));
  }
  /// The sums of 4 vectors.
  static SVG_INLINE Vec sumEach(const Vec* x) { return vpaddq_f32(vpaddq_f32(x[0], x[1]), vpaddq_f32(x[2], x[3])); }
};

} // namespace
