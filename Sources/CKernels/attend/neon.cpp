#if defined(__aarch64__)

#include "../simd/neon.h"
#include "../common/kernels.h"
#include "attend.h"

void svg::attend_f32_neon(const svg_attend& attend, int64_t task) {
  attendTask<Neon>(attend, task);
}

#endif
