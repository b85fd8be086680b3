#pragma once

#include "avx512.h"

namespace {

/// AVX512-BF16: words are pairs of bfloat16, `vdpbf16ps` multiplies two pairs and adds both to a float32 lane.
struct Avx512BFloat16 : Avx512 {
  static constexpr int kElementsPerWord = 2;
  static constexpr bool kPanelOuter = false;

  static SVG_INLINE Vec multiplyAdd(Vec a, Vec b, Vec acc) {
    return _mm512_dpbf16_ps(acc, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }

  /// 2^x for x ≤ 0, accurate to bfloat16; exactly 0 far below.
  static SVG_INLINE Vec exp2(Vec x) {
    const Vec f = _mm512_reduce_ps(x, 1); // x − ⌊x⌋
    Vec y = _mm512_fmadd_ps(_mm512_set1_ps(kExp2UnitShort[2]), f, _mm512_set1_ps(kExp2UnitShort[1]));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(kExp2UnitShort[0]));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(y, x); // y · 2^⌊x⌋
  }

  static SVG_INLINE void storeBFloat16(uint16_t* p, Vec x) {
    const __m256bh packed = _mm512_cvtneps_pbh(x);
    memcpy(p, &packed, sizeof packed);
  }

  /// Stores the first N lanes as words: pairs of even elements, then pairs of odd ones.
  template <int N>
  static SVG_INLINE void storePairs(float* p, Pairs<Vec> x) {
    const auto words = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(x.odd, x.even));
    if constexpr (N == kLanes) {
      _mm512_storeu_si512(p, words);
    } else {
      _mm512_mask_compressstoreu_epi32(p, kFirst<N / 2> | kFirst<N / 2> << kLanes / 2, words);
    }
  }
  /// Vectors of neighbors, an even number of them, to vectors of words, in order.
  static SVG_INLINE void toWords(const Vec* x, Vec* words, int vectors) {
    for (int v = 0; v < vectors; v += 2)
      words[v / 2] = reinterpret_cast<Vec>(_mm512_cvtne2ps_pbh(x[v + 1], x[v]));
  }
  /// The values of two rows as words `(a0, b0), (a1, b1), …`.
  static SVG_INLINE Vec loadColumn(const uint16_t* a, const uint16_t* b) {
    const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)));
    return _mm512_castsi512_ps(_mm512_or_si512(low, _mm512_castps_si512(loadBFloat16(b))));
  }
  static SVG_INLINE Vec loadColumn(const float* a, const float* b) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const auto both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(load(b), load(a)));
    return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, both));
  }
  /// The elements whose bit is set; zeros for the others.
  static SVG_INLINE Vec keepElements(uint32_t mask, Vec words) {
    return reinterpret_cast<Vec>(_mm512_maskz_mov_epi16(mask, reinterpret_cast<__m512i>(words)));
  }
  /// Adds the elements of each word to a lane.
  static SVG_INLINE Vec addWords(Vec acc, Vec words) {
    const __m512i ones = _mm512_set1_epi32(0x3f803f80);
    return _mm512_dpbf16_ps(acc, reinterpret_cast<__m512bh>(words), reinterpret_cast<__m512bh>(ones));
  }
};

} // namespace
