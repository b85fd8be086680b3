#pragma once

#include "simd.h"

namespace {

/// AVX-512 F, VL, BW, DQ, float32. Tile 6 × 64: 24 accumulators and 4 columns of the 32 registers; rows are broadcast
/// by the multiply itself.
struct Avx512 {
  static constexpr int kLanes = 16;
  static constexpr int kElementsPerWord = 1;
  static constexpr int kMaxVectors = 4;
  static constexpr bool kPanelOuter = true;
  static constexpr bool kHasTiles = false;

  using Vec = __m512;
  using IVec = __m512i;
  using Mask = __mmask16;
  template <int N>
  static constexpr Mask kFirst = static_cast<Mask>((1 << N) - 1);

  static SVG_INLINE Vec zero() { return _mm512_setzero_ps(); }
  static SVG_INLINE Vec splat(float x) { return _mm512_set1_ps(x); }
  static SVG_INLINE Vec load(const float* p) { return _mm512_loadu_ps(p); }
  static SVG_INLINE void store(float* p, Vec x) { _mm512_storeu_ps(p, x); }
  static SVG_INLINE Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static SVG_INLINE Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
  static SVG_INLINE Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static SVG_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static SVG_INLINE Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static SVG_INLINE Vec multiplyAdd(Vec a, Vec b, Vec acc) { return _mm512_fmadd_ps(a, b, acc); }

  static SVG_INLINE Vec fmsub(Vec a, Vec b, Vec c) { return _mm512_fmsub_ps(a, b, c); }
  static SVG_INLINE Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
  static SVG_INLINE Vec sqrt(Vec x) { return _mm512_sqrt_ps(x); }

  static SVG_INLINE float sum(Vec x) { return _mm512_reduce_add_ps(x); }
  static SVG_INLINE float maximum(Vec x) { return _mm512_reduce_max_ps(x); }
  static SVG_INLINE bool anyPositive(Vec x) { return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ) != 0; }

  /// 2^x for x ≤ 0; exactly 0 far below.
  static SVG_INLINE Vec exp2(Vec x) {
    const Vec f = _mm512_reduce_ps(x, 1); // x − ⌊x⌋
    Vec y = _mm512_set1_ps(kExp2Unit[4]);
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(kExp2Unit[3]));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(kExp2Unit[2]));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(kExp2Unit[1]));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(kExp2Unit[0]));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(y, x); // y · 2^⌊x⌋
  }

  static SVG_INLINE Vec loadBFloat16(const uint16_t* p) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
  /// Rounds to nearest, ties to even; a NaN stays one.
  static SVG_INLINE void storeBFloat16(uint16_t* p, Vec x) {
    const IVec bits = _mm512_castps_si512(x);
    const IVec odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    IVec rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    rounded = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), _mm512_set1_epi32(0x7fc00000));
    const __m256i packed = _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), packed);
  }

  /// The first N lanes of memory, the others zeros.
  template <int N>
  static SVG_INLINE Vec loadFirst(const float* p) {
    return _mm512_maskz_loadu_ps(kFirst<N>, p);
  }
  template <int N>
  static SVG_INLINE Vec keepFirst(Vec x) {
    return _mm512_maskz_mov_ps(kFirst<N>, x);
  }
  template <int N>
  static SVG_INLINE Pairs<Vec> loadPairs(const uint16_t* p) {
    const IVec words = _mm512_maskz_loadu_epi32(kFirst<N>, p);
    return {_mm512_castsi512_ps(_mm512_slli_epi32(words, 16)),
            _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32(static_cast<int>(0xffff0000))))};
  }
  template <int N>
  static SVG_INLINE Pairs<Vec> loadPairs(const float* p) {
    const IVec even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const Vec low = load(p), high = N == kLanes ? load(p + kLanes) : zero();
    return {_mm512_permutex2var_ps(low, even, high),
            _mm512_permutex2var_ps(low, _mm512_or_si512(even, _mm512_set1_epi32(1)), high)};
  }
  /// Stores the first N lanes as words: the even elements, then the odd ones.
  template <int N>
  static SVG_INLINE void storePairs(float* p, Pairs<Vec> x) {
    _mm512_mask_storeu_ps(p, kFirst<N>, x.even);
    _mm512_mask_storeu_ps(p + N, kFirst<N>, x.odd);
  }

  static SVG_INLINE IVec loadIndices(const int32_t* p) { return _mm512_loadu_si512(p); }
  static SVG_INLINE IVec splatIndex(int32_t x) { return _mm512_set1_epi32(x); }
  /// `|a − b| < width` and `column < limit`.
  static SVG_INLINE Mask keeps(IVec a, IVec b, IVec width, IVec column, IVec limit) {
    const Mask near = _mm512_cmplt_epi32_mask(_mm512_abs_epi32(_mm512_sub_epi32(a, b)), width);
    return _mm512_mask_cmplt_epi32_mask(near, column, limit);
  }
  static SVG_INLINE IVec addIndex(IVec a, IVec b) { return _mm512_add_epi32(a, b); }
  /// `0 ≤ a − b < width`, widths up to 2³² − 1.
  static SVG_INLINE Mask follows(IVec a, IVec b, IVec width) {
    return _mm512_cmplt_epu32_mask(_mm512_sub_epi32(a, b), width);
  }
  static SVG_INLINE Vec select(Mask mask, Vec yes, Vec no) { return _mm512_mask_mov_ps(no, mask, yes); }
  static SVG_INLINE bool any(Mask mask) { return mask != 0; }

  /// Vectors of neighbors to vectors of words, in order.
  static SVG_INLINE void toWords(const Vec* x, Vec* words, int vectors) {
    for (int v = 0; v < vectors; ++v)
      words[v] = x[v];
  }
  /// Adds the elements of each word to a lane.
  static SVG_INLINE Vec addWords(Vec acc, Vec words) { return _mm512_add_ps(acc, words); }

  /// The values of one row as words; `second` would be its neighbor.
  static SVG_INLINE Vec loadColumn(const float* first, const float*) { return load(first); }
  static SVG_INLINE Vec loadColumn(const uint16_t* first, const uint16_t*) { return loadBFloat16(first); }

  /// Transposes 16 rows of `words` words, a multiple of 4 and at most 16; strides in words.
  static SVG_INLINE void transpose(const float* from, int64_t fromStride, float* to, int64_t toStride, int64_t words) {
    for (int64_t w = 0; w < words; w += 4) {
      // Lane l of each has four words of row 4l + i.
      Vec row[4];
      SVG_UNROLL for (int i = 0; i < 4; ++i) {
        const float* first = from + i * fromStride + w;
        row[i] = _mm512_castps128_ps512(_mm_loadu_ps(first));
        row[i] = _mm512_insertf32x4(row[i], _mm_loadu_ps(first + 4 * fromStride), 1);
        row[i] = _mm512_insertf32x4(row[i], _mm_loadu_ps(first + 8 * fromStride), 2);
        row[i] = _mm512_insertf32x4(row[i], _mm_loadu_ps(first + 12 * fromStride), 3);
      }
      const __m512d low01 = _mm512_castps_pd(_mm512_unpacklo_ps(row[0], row[1]));
      const __m512d low23 = _mm512_castps_pd(_mm512_unpacklo_ps(row[2], row[3]));
      const __m512d high01 = _mm512_castps_pd(_mm512_unpackhi_ps(row[0], row[1]));
      const __m512d high23 = _mm512_castps_pd(_mm512_unpackhi_ps(row[2], row[3]));
      store(to + w * toStride, _mm512_castpd_ps(_mm512_unpacklo_pd(low01, low23)));
      store(to + (w + 1) * toStride, _mm512_castpd_ps(_mm512_unpackhi_pd(low01, low23)));
      store(to + (w + 2) * toStride, _mm512_castpd_ps(_mm512_unpacklo_pd(high01, high23)));
      store(to + (w + 3) * toStride, _mm512_castpd_ps(_mm512_unpackhi_pd(high01, high23)));
    }
  }
  /// The sums of 16 vectors.
  static SVG_INLINE Vec sumEach(const Vec* x) {
    // Lane by lane the sums of four vectors, then those of the four lanes.
    Vec quad[4];
    SVG_UNROLL for (int i = 0; i < 4; ++i) {
      const Vec* y = x + 4 * i;
      const __m512d p = _mm512_castps_pd(add(_mm512_unpacklo_ps(y[0], y[1]), _mm512_unpackhi_ps(y[0], y[1])));
      const __m512d q = _mm512_castps_pd(add(_mm512_unpacklo_ps(y[2], y[3]), _mm512_unpackhi_ps(y[2], y[3])));
      quad[i] = add(_mm512_castpd_ps(_mm512_unpacklo_pd(p, q)), _mm512_castpd_ps(_mm512_unpackhi_pd(p, q)));
    }
    const Vec low = add(_mm512_shuffle_f32x4(quad[0], quad[1], 0x44), _mm512_shuffle_f32x4(quad[0], quad[1], 0xee));
    const Vec high = add(_mm512_shuffle_f32x4(quad[2], quad[3], 0x44), _mm512_shuffle_f32x4(quad[2], quad[3], 0xee));
    return add(_mm512_shuffle_f32x4(low, high, 0x88), _mm512_shuffle_f32x4(low, high, 0xdd));
  }
};

} // namespace
