#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))),                   \
                             apply_to = function)

#include "../simd/avx512.h"
#include "prepare.h"

void svg::prepare_f32_avx512(const svg_prepare& prepare, int64_t task) {
  prepareTask<Avx512>(prepare, task);
}

#pragma clang attribute pop

#endif
