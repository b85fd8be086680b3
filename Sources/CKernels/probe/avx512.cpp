#if defined(__x86_64__)

#include "../common/kernels.h"
#include "../simd/simd.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))),                   \
                             apply_to = function)

#include "../simd/avx512.h"
#include "probe.h"

double svg::probe_f32_avx512(int64_t rounds) {
  return probeProducts<Avx512>(rounds);
}

#pragma clang attribute pop

#endif
