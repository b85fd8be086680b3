#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))),                   \
                             apply_to = function)

#include "../simd/avx512.h"
#include "profile.h"

void svg::profile_f32_avx512(const svg_profile& profile, int64_t task) {
  profileTask<Avx512>(profile, task);
}

int64_t svg::profile_columns_avx512(int64_t dimension) {
  return profileColumns<Avx512>(dimension);
}

#pragma clang attribute pop

#endif
