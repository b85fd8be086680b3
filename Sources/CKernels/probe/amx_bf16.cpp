#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((target("amx-tile,amx-bf16,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"))),               \
    apply_to = function)

#include "../simd/amx_bf16.h"

/// Six accumulators and two operands, all in tiles.
double svg::probe_bf16_amx(int64_t rounds) {
  using Isa = AmxBFloat16;
  Isa::configureTiles();
  Isa::zeroTile<0>();
  Isa::zeroTile<1>();
  Isa::zeroTile<2>();
  Isa::zeroTile<3>();
  Isa::zeroTile<4>();
  Isa::zeroTile<5>();
  Isa::zeroTile<6>();
  Isa::zeroTile<7>();
  for (int64_t round = 0; round < rounds; ++round) {
    Isa::multiplyTiles<0, 6, 7>();
    Isa::multiplyTiles<1, 6, 7>();
    Isa::multiplyTiles<2, 6, 7>();
    Isa::multiplyTiles<3, 6, 7>();
    Isa::multiplyTiles<4, 6, 7>();
    Isa::multiplyTiles<5, 6, 7>();
  }
  Isa::releaseTiles();
  return 6.0 * 2 * 16 * 16 * 32 * static_cast<double>(rounds);
}

#pragma clang attribute pop

#endif
