#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../simd/avx2.h"
#include "prepare.h"

void svg::prepare_f32_avx2(const svg_prepare& prepare, int64_t task) {
  prepareTask<Avx2>(prepare, task);
}

#pragma clang attribute pop

#endif
