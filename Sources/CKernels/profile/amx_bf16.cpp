#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((target("amx-tile,amx-bf16,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"))),               \
    apply_to = function)

#include "../simd/amx_bf16.h"
#include "profile.h"

void svg::profile_bf16_amx(const svg_profile& profile, int64_t task) {
  AmxBFloat16::configureTiles();
  profileTask<AmxBFloat16>(profile, task);
  AmxBFloat16::releaseTiles();
  if (bandsVanished(profile, task))
    profile_f32_avx512(profile, task);
}

#pragma clang attribute pop

#endif
