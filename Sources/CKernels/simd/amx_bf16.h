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
