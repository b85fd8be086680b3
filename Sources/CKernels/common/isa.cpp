#include "../include/svg_isa.h"
#include "geometry.h"

bool svg_isa_available(svg_isa isa) {
  switch (isa) {
  case SVG_ISA_SCALAR:
    return true;
#if defined(__x86_64__)
  case SVG_ISA_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case SVG_ISA_AVX512:
    return svg_isa_available(SVG_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  case SVG_ISA_AVX512_BF16:
    return svg_isa_available(SVG_ISA_AVX512) && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__)
  case SVG_ISA_NEON:
    return true;
#endif
  default:
    return false;
  }
}

svg_isa svg_isa_best(svg_element activations) {
  if (activations == SVG_BFLOAT16 && svg_isa_available(SVG_ISA_AVX512_BF16))
    return SVG_ISA_AVX512_BF16;
  if (svg_isa_available(SVG_ISA_AVX512))
    return SVG_ISA_AVX512;
  if (svg_isa_available(SVG_ISA_AVX2))
    return SVG_ISA_AVX2;
  return svg_isa_available(SVG_ISA_NEON) ? SVG_ISA_NEON : SVG_ISA_SCALAR;
}

const char* svg_isa_name(svg_isa isa) {
  switch (isa) {
  case SVG_ISA_SCALAR:
    return "scalar";
  case SVG_ISA_AVX2:
    return "avx2";
  case SVG_ISA_AVX512:
    return "avx512";
  case SVG_ISA_AVX512_BF16:
    return "avx512_bf16";
  case SVG_ISA_NEON:
    return "neon";
  }
  return "unknown";
}

bool svg_isa_supports(svg_isa isa, int64_t dimension) {
  const int64_t step = isa == SVG_ISA_SCALAR ? 2 : 16;
  return svg_isa_available(isa) && dimension > 0 && dimension <= kMaxHeadDimension && dimension % step == 0;
}

int64_t svg_video_blocks(const svg_geometry* g) {
  return videoBlocks(*g);
}

int64_t svg_text_blocks(const svg_geometry* g) {
  return blocksFor(g->text_tokens);
}

int64_t svg_block_count(const svg_geometry* g) {
  return blockCount(*g);
}

size_t svg_packed_bytes(const svg_geometry* g, svg_isa isa) {
  const size_t element = isa == SVG_ISA_SCALAR ? sizeof(double) : isa == SVG_ISA_AVX512_BF16 ? 2 : sizeof(float);
  return static_cast<size_t>(g->heads * blockCount(*g) * kBlock * g->head_dimension) * element;
}
