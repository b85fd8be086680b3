#pragma once

#include "avx512_bf16.h"

namespace {

/// AMX: 8 tiles of 16 rows of 64 bytes. `tdpbf16ps` multiplies 16 rows of 32 bfloat16 with 16 columns of as many and
/// adds to 16 × 16 float32. Everything that is no product is AVX512-BF16, and so is the packing: its words are the
/// pairs that tiles of columns want.
struct AmxBFloat16 : Avx512BFloat16 {
  static constexpr bool kHasTiles = true;

  /// Gives the thread its tiles; they are its own until `releaseTiles`.
  static SVG_INLINE void configureTiles() {
    struct alignas(64) Configuration {
      uint8_t palette = 1;
      uint8_t startRow = 0;
      uint8_t reserved[14] = {};
      uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    };
    static_assert(sizeof(Configuration) == 64);
    const Configuration configuration;
    _tile_loadconfig(&configuration);
  }
  static SVG_INLINE void releaseTiles() { _tile_release(); }

  /// Whether one of `count` weights, none of which is negative, is 2 or more: bit 30 of a float32.
  static SVG_INLINE bool anyAtLeastTwo(const Vec* x, int count) {
    __m512i all = _mm512_castps_si512(x[0]);
    SVG_UNROLL for (int i = 1; i + 1 < count; i += 2) {
      all = _mm512_ternarylogic_epi32(all, _mm512_castps_si512(x[i]), _mm512_castps_si512(x[i + 1]), 0xfe);
    }
    all = _mm512_or_si512(all, _mm512_castps_si512(x[count - 1]));
    return _mm512_test_epi32_mask(all, _mm512_set1_epi32(0x40000000)) != 0;
  }

  /// Words whose elements are multiplied with a factor.
  static SVG_INLINE Vec scaleWords(Vec words, Vec factor) {
    const __m512i bits = _mm512_castps_si512(words);
    const Vec first = _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
    const Vec second = _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(0xffff0000))));
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_mul_ps(second, factor), _mm512_mul_ps(first, factor));
    return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, reinterpret_cast<__m512i>(both)));
  }

  template <int T>
  static SVG_INLINE void zeroTile() {
    _tile_zero(T);
  }
  /// `stride` words lie between rows.
  template <int T>
  static SVG_INLINE void loadTile(const float* from, int64_t stride) {
    _tile_loadd(T, from, stride * static_cast<int64_t>(sizeof(float)));
  }
  template <int T>
  static SVG_INLINE void storeTile(float* to, int64_t stride) {
    _tile_stored(T, to, stride * static_cast<int64_t>(sizeof(float)));
  }
  /// C += A · B
  template <int C, int A, int B>
  static SVG_INLINE void multiplyTiles() {
    _tile_dpbf16ps(C, A, B);
  }
};

} // namespace
