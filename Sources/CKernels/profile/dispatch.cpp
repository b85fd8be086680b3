#include "../common/kernels.h"
#include "combine.h"

size_t svg_profile_scratch_bytes(const svg_profile* p, svg_isa isa) {
  const size_t real = isa == SVG_ISA_SCALAR ? sizeof(double) : sizeof(float);
  return static_cast<size_t>(svg_profile_task_count(p) * profileScratch<float>(*p, 0).perTask()) * real;
}

int64_t svg_profile_task_count(const svg_profile* p) {
  return p->projection.geometry.heads * p->split_count;
}

void svg_profile_heads(const svg_profile* p, svg_isa isa, int64_t task) {
  switch (isa) {
#if defined(__x86_64__)
  case SVG_ISA_AVX2:
    return svg::profile_f32_avx2(*p, task);
  case SVG_ISA_AVX512:
    return svg::profile_f32_avx512(*p, task);
  case SVG_ISA_AVX512_BF16:
    return svg::profile_bf16_avx512(*p, task);
  case SVG_ISA_AMX_BF16:
    return svg::profile_bf16_amx(*p, task);
#elif defined(__aarch64__)
  case SVG_ISA_NEON:
    return svg::profile_f32_neon(*p, task);
#endif
  default:
    svg::profile_f64_scalar(*p, task);
  }
}

void svg_profile_combine(const svg_profile* p, svg_isa isa, int64_t head) {
  const int64_t d = p->projection.geometry.head_dimension;
  int64_t columns = d;
  switch (isa) {
#if defined(__x86_64__)
  case SVG_ISA_AVX2:
    columns = svg::profile_columns_avx2(d);
    break;
  case SVG_ISA_AVX512:
  case SVG_ISA_AVX512_BF16:
  case SVG_ISA_AMX_BF16:
    columns = svg::profile_columns_avx512(d);
    break;
#elif defined(__aarch64__)
  case SVG_ISA_NEON:
    columns = svg::profile_columns_neon(d);
    break;
#endif
  default:
    return combineProfile<double>(*p, head, d);
  }
  combineProfile<float>(*p, head, columns);
}
