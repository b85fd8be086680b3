#include "../common/kernels.h"
#include "../include/svg_probe.h"

double svg_probe_products(svg_isa isa, int64_t rounds) {
  if (!svg_isa_available(isa))
    return 0;
  switch (isa) {
#if defined(__x86_64__)
  case SVG_ISA_AVX2:
    return svg::probe_f32_avx2(rounds);
  case SVG_ISA_AVX512:
    return svg::probe_f32_avx512(rounds);
  case SVG_ISA_AVX512_BF16:
    return svg::probe_bf16_avx512(rounds);
  case SVG_ISA_AMX_BF16:
    return svg::probe_bf16_amx(rounds);
#elif defined(__aarch64__)
  case SVG_ISA_NEON:
    return svg::probe_f32_neon(rounds);
#endif
  default:
    return 0;
  }
}
