#if defined(__aarch64__)

#include "../simd/neon.h"
#include "../common/kernels.h"
#include "prepare.h"

void svg::prepare_f32_neon(const svg_prepare& prepare, int64_t task) {
  prepareTask<Neon>(prepare, task);
}

#endif
