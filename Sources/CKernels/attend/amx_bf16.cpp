#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((target("amx-tile,amx-bf16,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"))),               \
    apply_to = function)

#include "../simd/amx_bf16.h"
#include "attend.h"

void svg::attend_bf16_amx(const svg_attend& attend, int64_t task) {
  AmxBFloat16::configureTiles();
  attendTask<AmxBFloat16>(attend, task);
  AmxBFloat16::releaseTiles();
}

#pragma clang attribute pop

#endif
