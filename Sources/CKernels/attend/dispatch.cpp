#include "../common/geometry.h"
#include "../common/kernels.h"

int64_t svg_attend_task_count(const svg_attend* a) {
  return a->geometry.heads * blockCount(a->geometry);
}

int64_t svg_attend_task_cost(const svg_attend* a, int64_t task) {
  const int64_t blocks = blockCount(a->geometry);
  const svg_block_list& list = a->patterns[task / blocks] == SVG_PATTERN_TEMPORAL ? a->temporal : a->spatial;
  return list.row_offsets[task % blocks + 1] - list.row_offsets[task % blocks];
}

void svg_attend_blocks(const svg_attend* a, svg_isa isa, int64_t task) {
  switch (isa) {
#if defined(__x86_64__)
  case SVG_ISA_AVX2:
    return svg::attend_f32_avx2(*a, task);
  case SVG_ISA_AVX512:
    return svg::attend_f32_avx512(*a, task);
  case SVG_ISA_AVX512_BF16:
    return svg::attend_bf16_avx512(*a, task);
  case SVG_ISA_AMX_BF16:
    return svg::attend_bf16_amx(*a, task);
#elif defined(__aarch64__)
  case SVG_ISA_NEON:
    return svg::attend_f32_neon(*a, task);
#endif
  default:
    svg::attend_f64_scalar(*a, task);
  }
}
