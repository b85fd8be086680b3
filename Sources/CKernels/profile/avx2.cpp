#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../simd/avx2.h"
#include "profile.h"

void svg::profile_f32_avx2(const svg_profile& profile, int64_t task) {
  profileTask<Avx2>(profile, task);
}

int64_t svg::profile_columns_avx2(int64_t dimension) {
  return profileColumns<Avx2>(dimension);
}

#pragma clang attribute pop

#endif
