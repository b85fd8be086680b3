#pragma once

#include "simd.h"

namespace {

/// AVX2 and FMA, float32. Tile 6 × 16: 12 accumulators, 2 columns and a broadcast of the 16 registers.
struct Avx2 {
  static constexpr int kLanes = 8;
  static constexpr int kElementsPerWord = 1;
  static constexpr int kMaxVectors = 2;
  static constexpr bool kPanelOuter = true;
  static constexpr bool kHasTiles = false;

  using Vec = __m256;
  using IVec = __m256i;
  using Mask = __m256;

  static SVG_INLINE Vec zero() { return _mm256_setzero_ps(); }
  static SVG_INLINE Vec splat(float x) { return _mm256_set1_ps(x); }
  static SVG_INLINE Vec load(const float* p) { return _mm256_loadu_ps(p); }
  static SVG_INLINE void store(float* p, Vec x) { _mm256_storeu_ps(p, x); }
  static SVG_INLINE Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static SVG_INLINE Vec sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
  static SVG_INLINE Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
  static SVG_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
  static SVG_INLINE Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
  static SVG_INLINE Vec multiplyAdd(Vec a, Vec b, Vec acc) { return _mm256_fmadd_ps(a, b, acc); }

  static SVG_INLINE Vec fmsub(Vec a, Vec b, Vec c) { return _mm256_fmsub_ps(a, b, c); }
  static SVG_INLINE Vec div(Vec a, Vec b) { return _mm256_div_ps(a, b); }
  static SVG_INLINE Vec sqrt(Vec x) { return _mm256_sqrt_ps(x); }

  static SVG_INLINE float sum(Vec x) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
  }
  static SVG_INLINE float maximum(Vec x) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
  }
  static SVG_INLINE bool anyPositive(Vec x) {
    return _mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ)) != 0;
  }

  /// 2^x for x ≤ 0; exactly 0 below −127.
  static SVG_INLINE Vec exp2(Vec x) {
    x = _mm256_max_ps(x, _mm256_set1_ps(-127.0f));
    const Vec n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Vec f = _mm256_sub_ps(x, n);
    Vec y = _mm256_set1_ps(kExp2Centered[4]);
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(kExp2Centered[3]));
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(kExp2Centered[2]));
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(kExp2Centered[1]));
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(kExp2Centered[0]));
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(1.0f));
    // n = −127 gives a biased exponent of 0, which is the number 0.
    const IVec exponent = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(y, _mm256_castsi256_ps(exponent));
  }

  static SVG_INLINE Vec loadBFloat16(const uint16_t* p) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
  /// Rounds to nearest, ties to even; a NaN stays one.
  static SVG_INLINE void storeBFloat16(uint16_t* p, Vec x) {
    const IVec bits = _mm256_castps_si256(x);
    const IVec odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    IVec rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const Vec isNaN = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
    rounded = _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7fc00000), _mm256_castps_si256(isNaN));
    rounded = _mm256_srli_epi32(rounded, 16);
    const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
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
    const IVec words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return {_mm256_castsi256_ps(_mm256_slli_epi32(words, 16)),
            _mm256_castsi256_ps(_mm256_and_si256(words, _mm256_set1_epi32(static_cast<int>(0xffff0000))))};
  }
  template <int N>
  static SVG_INLINE Pairs<Vec> loadPairs(const float* p) {
    const Vec a = load(p), b = load(p + kLanes);
    const Vec low = _mm256_permute2f128_ps(a, b, 0x20), high = _mm256_permute2f128_ps(a, b, 0x31);
    return {_mm256_shuffle_ps(low, high, 0x88), _mm256_shuffle_ps(low, high, 0xdd)};
  }
  /// Stores the even elements, then the odd ones.
  template <int N>
  static SVG_INLINE void storePairs(float* p, Pairs<Vec> x) {
    store(p, x.even);
    store(p + N, x.odd);
  }

  static SVG_INLINE IVec loadIndices(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static SVG_INLINE IVec splatIndex(int32_t x) { return _mm256_set1_epi32(x); }
  /// `|a − b| < width` and `column < limit`.
  static SVG_INLINE Mask keeps(IVec a, IVec b, IVec width, IVec column, IVec limit) {
    const IVec distance = _mm256_abs_epi32(_mm256_sub_epi32(a, b));
    return _mm256_castsi256_ps(
        _mm256_and_si256(_mm256_cmpgt_epi32(width, distance), _mm256_cmpgt_epi32(limit, column)));
  }
  static SVG_INLINE Vec select(Mask mask, Vec yes, Vec no) { return _mm256_blendv_ps(no, yes, mask); }
  static SVG_INLINE bool any(Mask mask) { return _mm256_movemask_ps(mask) != 0; }

  /// Vectors of neighbors to vectors of words, in order.
  static SVG_INLINE void toWords(const Vec* x, Vec* words, int vectors) {
    for (int v = 0; v < vectors; ++v)
      words[v] = x[v];
  }
  /// Adds the elements of each word to a lane.
  static SVG_INLINE Vec addWords(Vec acc, Vec words) { return _mm256_add_ps(acc, words); }

  /// The values of one row as words; `second` would be its neighbor.
  static SVG_INLINE Vec loadColumn(const float* first, const float*) { return load(first); }
  static SVG_INLINE Vec loadColumn(const uint16_t* first, const uint16_t*) { return loadBFloat16(first); }

  /// Transposes 8 × 8 words; strides in words.
  static SVG_INLINE void transpose(const float* from, int64_t fromStride, float* to, int64_t toStride, int64_t) {
    __m256 r[8], t[8];
    SVG_UNROLL for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + i * fromStride);
    SVG_UNROLL for (int i = 0; i < 4; ++i) {
      t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
      t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    SVG_UNROLL for (int i = 0; i < 2; ++i) {
      r[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
      r[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xee);
      r[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
      r[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
    }
    SVG_UNROLL for (int i = 0; i < 4; ++i) {
      _mm256_storeu_ps(to + i * toStride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
      _mm256_storeu_ps(to + (i + 4) * toStride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
  }
  /// The sums of 8 vectors.
  static SVG_INLINE Vec sumEach(const Vec* x) {
    const Vec low = _mm256_hadd_ps(_mm256_hadd_ps(x[0], x[1]), _mm256_hadd_ps(x[2], x[3]));
    const Vec high = _mm256_hadd_ps(_mm256_hadd_ps(x[4], x[5]), _mm256_hadd_ps(x[6], x[7]));
    return add(_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31));
  }
};

} // namespace
