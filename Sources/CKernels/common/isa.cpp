#include "../include/svg_isa.h"
#include "geometry.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

#if defined(__x86_64__)
/// Whether the processor has AMX for bfloat16: leaf 7 of CPUID, bits 22 and 24 of EDX.
bool processorHasTiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kNeeded = 1u << 22 | 1u << 24;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kNeeded) == kNeeded;
}

/// Asks Linux for the use of tiles: their 8 KiB are not part of a thread's state unless a process says so.
/// - SeeAlso: <https://docs.kernel.org/arch/x86/xstate.html>
bool systemGrantsTiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

} // namespace

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
  case SVG_ISA_AMX_BF16: {
    static const bool available = svg_isa_available(SVG_ISA_AVX512_BF16) && processorHasTiles() && systemGrantsTiles();
    return available;
  }
#elif defined(__aarch64__)
  case SVG_ISA_NEON:
    return true;
#endif
  default:
    return false;
  }
}

svg_isa svg_isa_best(svg_element activations) {
#if defined(__x86_64__)
  if (activations == SVG_BFLOAT16) {
    if (svg_isa_available(SVG_ISA_AMX_BF16))
      return SVG_ISA_AMX_BF16;
    if (svg_isa_available(SVG_ISA_AVX512_BF16) && !__builtin_cpu_is("intel"))
      return SVG_ISA_AVX512_BF16;
  }
#endif
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
  case SVG_ISA_AMX_BF16:
    return "amx_bf16";
  }
  return "unknown";
}

bool svg_isa_supports(svg_isa isa, int64_t dimension) {
  const int64_t step = isa == SVG_ISA_SCALAR ? 2 : isa == SVG_ISA_AMX_BF16 ? 32 : 16;
  return svg_isa_available(isa) && dimension > 0 && dimension <= kMaxHeadDimension && dimension % step == 0;
}

svg_isa svg_isa_best_for_heads(svg_element activations, int64_t dimension) {
  const svg_isa best = svg_isa_best(activations);
  if (svg_isa_supports(best, dimension))
    return best;
  const svg_isa next = svg_isa_best(SVG_FLOAT32);
  return svg_isa_supports(next, dimension) ? next : SVG_ISA_SCALAR;
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
  const size_t element = isa == SVG_ISA_SCALAR                                   ? sizeof(double)
                         : isa == SVG_ISA_AVX512_BF16 || isa == SVG_ISA_AMX_BF16 ? 2
                                                                                 : sizeof(float);
  return static_cast<size_t>(g->heads * blockCount(*g) * kBlock * g->head_dimension) * element;
}
