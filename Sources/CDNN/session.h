#pragma once

/// What differs between oneDNN 2.6 and 3.x, and what every call needs: the engine, a stream, a team of one thread.

#include "include/CDNN.h"

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t svg_layout_ref;
#define SVG_LAYOUT_REF(layout) (layout)
#else
typedef const dnnl_memory_desc_t* svg_layout_ref;
#define SVG_LAYOUT_REF(layout) (&(layout))
#endif

/// A thread's OpenMP team size before the call, to be put back.
typedef struct svg_team {
  int size;
} svg_team;

svg_team svg_team_enter(void);
void svg_team_leave(svg_team team);

/// The processor; made once.
dnnl_engine_t svg_engine(void);

svg_dnn_status svg_status(dnnl_status_t status);
dnnl_data_type_t svg_data_type(svg_dnn_type type);
size_t svg_type_bytes(svg_dnn_type type);

/// A layout with strides, in elements; null strides leave the layout to oneDNN.
dnnl_status_t svg_layout_make(dnnl_memory_desc_t* layout, int rank, const dnnl_dims_t extents, svg_dnn_type type,
                              const int64_t* strides);
/// Like `svg_layout_make` for biases: one dense float32 dimension.
dnnl_status_t svg_layout_bias(dnnl_memory_desc_t* layout, int64_t count);
dnnl_status_t svg_layout_copy(dnnl_memory_desc_t* layout, svg_layout_ref source);
void svg_layout_free(dnnl_memory_desc_t* layout);
size_t svg_layout_bytes(const dnnl_memory_desc_t* layout);

/// 64-byte aligned memory for `free`, or null.
void* svg_allocate(size_t bytes);

/// Copies between two layouts.
svg_dnn_status svg_reorder(const dnnl_memory_desc_t* from, const void* source, const dnnl_memory_desc_t* to,
                           void* target);

/// An operand of a primitive.
typedef struct svg_operand {
  int argument;
  svg_layout_ref layout;
  void* memory;
} svg_operand;

/// Runs a primitive that was made with a user scratchpad.
svg_dnn_status svg_execute(dnnl_primitive_t primitive, const svg_operand* operands, int count);

/// Attributes with a user scratchpad and the post-operations.
dnnl_status_t svg_attributes(dnnl_primitive_attr_t* attributes, svg_dnn_activation activation, bool accumulate);
