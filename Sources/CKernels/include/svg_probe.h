#ifndef SVG_PROBE_H
#define SVG_PROBE_H

/// What a processor can do at most, measured: the yardstick of benchmarks.

#include "svg_isa.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Multiplies and adds in registers, with the instruction that the attention kernels of `isa` multiply with, and
/// nothing else: `rounds` times a whole register tile.
///
/// Works on the calling thread; time it. 10 000 rounds take some hundred microseconds.
/// - Returns: The floating-point operations that were done, or 0 where `isa` has no vector kernels or is not available.
double svg_probe_products(svg_isa isa, int64_t rounds);

#ifdef __cplusplus
}
#endif

#endif
