#ifndef SVG_CKERNELS_H
#define SVG_CKERNELS_H

/// The CPU kernels of this package: plain C faces, one header per family of operations.

#include "svg_attention.h"
#include "svg_elementwise.h"
#include "svg_heap.h"
#include "svg_isa.h"
#include "svg_probe.h"

#endif
