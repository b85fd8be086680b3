#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../simd/avx2.h"
#include "probe.h"

double svg::probe_f32_avx2(int64_t rounds) {
  return probeProducts<Avx2>(rounds);
}

#pragma clang attribute pop

#endif
