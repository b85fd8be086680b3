#pragma once

#include "simd.h"
#include "transpose_avx.h"

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

  /// Each of 8 numbers twice: `a, a, b, b, …`.
  static SVG_INLINE Vec loadTwice(const float* p) {
    const IVec twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_loadu_ps(p)));
  }
  /// Rotates adjacent pairs: `(x0·c − x1·s, x1·c + x0·s)`.
  static SVG_INLINE Vec rotatePairs(Vec x, Vec c, Vec s) {
    return _mm512_fmaddsub_ps(x, c, _mm512_mul_ps(_mm512_permute_ps(x, 0xb1), s));
  }

  static SVG_INLINE IVec loadIndices(const int32_t* p) { return _mm512_loadu_si512(p); }
  static SVG_INLINE IVec splatIndex(int32_t x) { return _mm512_set1_epi32(x); }
  /// `|a − b| < width` and `column < limit`.
  static SVG_INLINE Mask keeps(IVec a, IVec b, IVec width, IVec column, IVec limit) {
    const Mask near = _mm512_cmplt_epi32_mask(_mm512_abs_epi32(_mm512_sub_epi32(a, b)), width);
    return _mm512_mask_cmplt_epi32_mask(near, column, limit);
  }
  static SVG_INLINE Vec select(Mask mask, Vec yes, Vec no) { return _mm512_mask_mov_ps(no, mask, yes); }
  static SVG_INLINE bool any(Mask mask) { return mask != 0; }

  /// Stores neighbors as words.
  static SVG_INLINE void storeWords(float* p, const Vec* x, int vectors) {
    for (int v = 0; v < vectors; ++v)
      store(p + v * kLanes, x[v]);
  }
  /// Vectors of neighbors to vectors of words, in order.
  static SVG_INLINE void toWords(const Vec* x, Vec* words, int vectors) {
    for (int v = 0; v < vectors; ++v)
      words[v] = x[v];
  }
  /// Adds the elements of each word to a lane.
  static SVG_INLINE Vec addWords(Vec acc, Vec words) { return _mm512_add_ps(acc, words); }

  static constexpr int kTransposeStep = 8;
  static SVG_INLINE void transpose(const float* from, int64_t fromStride, float* to, int64_t toStride) {
    transpose8x8(from, fromStride, to, toStride);
  }
};

} // namespace
