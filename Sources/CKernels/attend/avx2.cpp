#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../simd/avx2.h"
#include "attend.h"

void svg::attend_f32_avx2(const svg_attend& attend, int64_t task) {
  attendTask<Avx2>(attend, task);
}

#pragma clang attribute pop

#endif
