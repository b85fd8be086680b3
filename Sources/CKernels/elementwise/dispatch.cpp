#include "table.h"

namespace {

const svg::ElementwiseTable& table(svg_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
  case SVG_ISA_AVX2:
    return svg::kElementwiseAvx2;
  case SVG_ISA_AVX512:
  case SVG_ISA_AVX512_BF16:
  case SVG_ISA_AMX_BF16:
    return svg::kElementwiseAvx512;
#endif
  default:
    return svg::kElementwiseBaseline;
  }
}

size_t byteCount(svg_number number) {
  return number == SVG_NUMBER_FLOAT32 ? 4 : 2;
}

} // namespace

void svg_convert(svg_isa isa, const void* source, svg_number from, void* target, svg_number to, size_t count) {
  table(isa).convert(source, from, target, to, count);
}

void svg_convert_rows(svg_isa isa, const void* source, svg_number from, int64_t source_stride, void* target,
                      svg_number to, int64_t target_stride, int64_t rows, int64_t columns) {
  const char* s = static_cast<const char*>(source);
  char* t = static_cast<char*>(target);
  for (int64_t row = 0; row < rows; ++row) {
    table(isa).convert(s, from, t, to, static_cast<size_t>(columns));
    s += source_stride * static_cast<int64_t>(byteCount(from));
    t += target_stride * static_cast<int64_t>(byteCount(to));
  }
}

void svg_normalize_rows(svg_isa isa, svg_element element, const void* input, void* output, int64_t rows,
                        int64_t channels, const svg_row_norm* norm) {
  table(isa).normalizeRows(element, input, output, rows, channels, *norm);
}

void svg_activate(svg_isa isa, svg_element element, const void* input, void* output, size_t count,
                  svg_activation activation) {
  table(isa).activate(element, input, output, count, activation);
}

void svg_gate_rows(svg_isa isa, svg_element element, const void* input, void* output, int64_t rows, int64_t half,
                   svg_activation activation) {
  table(isa).gateRows(element, input, output, rows, half, activation);
}

void svg_add(svg_isa isa, svg_element element, const void* other, void* target, size_t count) {
  table(isa).add(element, other, target, count);
}

void svg_add_gated(svg_isa isa, svg_element element, const float* addend, int64_t addend_stride, const float* gate,
                   void* target, int64_t target_stride, int64_t rows, int64_t columns) {
  table(isa).addGated(element, addend, addend_stride, gate, target, target_stride, rows, columns);
}

void svg_rotate_halves(svg_isa isa, svg_element element, void* target, int64_t rows, int64_t heads, int64_t dimension,
                       const float* cosine, const float* sine) {
  table(isa).rotateHalves(element, target, rows, heads, dimension, cosine, sine);
}

void svg_channel_sums(svg_isa isa, svg_element element, const void* input, int64_t places, int64_t channels,
                      const float* origin, double* sums) {
  table(isa).channelSums(element, input, places, channels, origin, sums);
}

void svg_apply_channels(svg_isa isa, svg_element element, const void* input, void* output, int64_t places,
                        int64_t channels, const svg_channel_map* map) {
  table(isa).applyChannels(element, input, output, places, channels, *map);
}

size_t svg_text_scratch_floats(int64_t keys, int64_t dimension) {
  const int64_t padded = (keys + 15) / 16 * 16;
  return static_cast<size_t>(dimension * padded + keys * dimension + 4 * padded + 4 * dimension);
}

void svg_attend_text(svg_isa isa, const svg_text_attention* attention) {
  table(isa).attendText(*attention);
}
