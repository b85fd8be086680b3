#include "../common/geometry.h"
#include "../common/kernels.h"

int64_t svg_prepare_task_count(const svg_prepare* p) {
  return p->projection.geometry.heads * blockCount(p->projection.geometry);
}

void svg_prepare_heads(const svg_prepare* p, svg_isa isa, int64_t first, int64_t last) {
  for (int64_t task = first; task < last; ++task) {
    switch (isa) {
#if defined(__x86_64__)
    case SVG_ISA_AVX2:
      svg::prepare_f32_avx2(*p, task);
      break;
    case SVG_ISA_AVX512:
      svg::prepare_f32_avx512(*p, task);
      break;
    case SVG_ISA_AVX512_BF16:
    case SVG_ISA_AMX_BF16:
      svg::prepare_bf16_avx512(*p, task);
      break;
#elif defined(__aarch64__)
    case SVG_ISA_NEON:
      svg::prepare_f32_neon(*p, task);
      break;
#endif
    default:
      svg::prepare_f64_scalar(*p, task);
    }
  }
}
