#pragma once

/// The entries of an instruction set's table: type and activation are chosen here, outside of all loops.

#include "functions.h"

#include "rows.h"

#include "channels.h"
#include "text.h"

namespace {

void convertEntry(const void* source, svg_number from, void* target, svg_number to, size_t count) {
  withNumber(from, [=](auto* s) {
    withNumber(to, [=](auto* t) {
      convert(static_cast<decltype(s)>(const_cast<void*>(source)), static_cast<decltype(t)>(target), count);
    });
  });
}

void normalizeRowsEntry(svg_element element, const void* input, void* output, int64_t rows, int64_t channels,
                        const svg_row_norm& norm) {
  withElement(element, [&](auto* t) {
    using T = decltype(t);
    normalizeRows(static_cast<T>(const_cast<void*>(input)), static_cast<T>(output), rows, channels, norm);
  });
}

void activateEntry(svg_element element, const void* input, void* output, size_t count, svg_activation activation) {
  withElement(element, [=](auto* t) {
    using T = decltype(t);
    withActivation(activation, [=](auto function) {
      activate(static_cast<T>(const_cast<void*>(input)), static_cast<T>(output), count, function);
    });
  });
}

void gateRowsEntry(svg_element element, const void* input, void* output, int64_t rows, int64_t half,
                   svg_activation activation) {
  withElement(element, [=](auto* t) {
    using T = decltype(t);
    withActivation(activation, [=](auto function) {
      gateRows(static_cast<T>(const_cast<void*>(input)), static_cast<T>(output), rows, half, function);
    });
  });
}

void addEntry(svg_element element, const void* other, void* target, size_t count) {
  withElement(element, [=](auto* t) {
    using T = decltype(t);
    add(static_cast<T>(const_cast<void*>(other)), static_cast<T>(target), count);
  });
}

void addGatedEntry(svg_element element, const float* addend, int64_t addendStride, const float* gate, void* target,
                   int64_t targetStride, int64_t rows, int64_t columns) {
  withElement(element, [=](auto* t) {
    addGated(addend, addendStride, gate, static_cast<decltype(t)>(target), targetStride, rows, columns);
  });
}

void rotateHalvesEntry(svg_element element, void* target, int64_t rows, int64_t heads, int64_t dimension,
                       const float* cosine, const float* sine) {
  withElement(element,
              [=](auto* t) { rotateHalves(static_cast<decltype(t)>(target), rows, heads, dimension, cosine, sine); });
}

void channelSumsEntry(svg_element element, const void* input, int64_t places, int64_t channels, const float* origin,
                      double* sums) {
  withElement(element, [=](auto* t) {
    channelSums(static_cast<decltype(t)>(const_cast<void*>(input)), places, channels, origin, sums);
  });
}

void applyChannelsEntry(svg_element element, const void* input, void* output, int64_t places, int64_t channels,
                        const svg_channel_map& map) {
  withElement(element, [&](auto* t) {
    using T = decltype(t);
    withActivation(map.activation, [&](auto function) {
      applyChannels(static_cast<T>(const_cast<void*>(input)), static_cast<T>(output), places, channels, map, function);
    });
  });
}

void attendTextEntry(const svg_text_attention& attention) {
  if (attention.element == SVG_BFLOAT16)
    attendText<Bfloat16>(attention);
  else
    attendText<float>(attention);
}

constexpr svg::ElementwiseTable kEntries = {convertEntry,       normalizeRowsEntry, activateEntry,     gateRowsEntry,
                                            addEntry,           addGatedEntry,      rotateHalvesEntry, channelSumsEntry,
                                            applyChannelsEntry, attendTextEntry};

} // namespace
