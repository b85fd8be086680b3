#if defined(__aarch64__)

#include "../simd/neon.h"
#include "../common/kernels.h"
#include "probe.h"

double svg::probe_f32_neon(int64_t rounds) {
  return probeProducts<Neon>(rounds);
}

#endif
