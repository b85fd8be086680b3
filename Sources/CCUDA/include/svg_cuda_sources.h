// The text of the CUDA kernels.

#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// A `.cu` or `.cuh` file of this target.
typedef struct svg_cuda_source {
  /// Its path in the target, for example `elementwise/rows.cu`.
  const char* name;
  /// Its text, with a closing zero.
  const char* text;
} svg_cuda_source;

/// All files, and how many there are.
const svg_cuda_source* svg_cuda_sources(size_t* count);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
