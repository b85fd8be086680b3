#pragma once

#include "../include/svg_elementwise.h"

namespace svg {

/// The operations of `svg_elementwise.h` for one instruction set.
struct ElementwiseTable {
  void (*convert)(const void*, svg_number, void*, svg_number, size_t);
  void (*normalizeRows)(svg_element, const void*, void*, int64_t, int64_t, const svg_row_norm&);
  void (*activate)(svg_element, const void*, void*, size_t, svg_activation);
  void (*gateRows)(svg_element, const void*, void*, int64_t, int64_t, svg_activation);
  void (*add)(svg_element, const void*, void*, size_t);
  void (*addGated)(svg_element, const float*, int64_t, const float*, void*, int64_t, int64_t, int64_t);
  void (*rotateHalves)(svg_element, void*, int64_t, int64_t, int64_t, const float*, const float*);
  void (*channelSums)(svg_element, const void*, int64_t, int64_t, const float*, double*);
  void (*applyChannels)(svg_element, const void*, void*, int64_t, int64_t, const svg_channel_map&);
  void (*attendText)(const svg_text_attention&);
};

/// Plain C++ as the compiler's default target allows: SSE2 on x86-64, NEON on aarch64.
extern const ElementwiseTable kElementwiseBaseline;
#if defined(__x86_64__)
extern const ElementwiseTable kElementwiseAvx2;
extern const ElementwiseTable kElementwiseAvx512;
#endif

} // namespace svg
