// For RTLD_DEFAULT.
#define _GNU_SOURCE

#include "session.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The OpenMP run time, if oneDNN was built on one, is found by name: a build with TBB or without threads has none.
static int (*team_size)(void);
static void (*set_team_size)(int);
static dnnl_engine_t engine;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/// What a thread keeps from one call to the next: making a stream and fresh memory takes as long as a small product.
typedef struct desk {
  dnnl_stream_t stream;
  void* scratch;
  size_t scratch_bytes;
} desk;

static pthread_key_t desk_key;
static bool has_desks;

static void clear_desk(void* memory) {
  desk* d = memory;
  if (d->stream)
    dnnl_stream_destroy(d->stream);
  free(d->scratch);
  free(d);
}

static void start(void) {
  has_desks = pthread_key_create(&desk_key, clear_desk) == 0;
  team_size = (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  set_team_size = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
    engine = NULL;
}

svg_team svg_team_enter(void) {
  pthread_once(&once, start);
  svg_team team = {1};
  if (team_size && set_team_size) {
    team.size = team_size();
    if (team.size != 1)
      set_team_size(1);
  }
  return team;
}

void svg_team_leave(svg_team team) {
  if (team.size != 1)
    set_team_size(team.size);
}

dnnl_engine_t svg_engine(void) {
  pthread_once(&once, start);
  return engine;
}

svg_dnn_status svg_status(dnnl_status_t status) {
  switch (status) {
  case dnnl_success:
    return SVG_DNN_SUCCESS;
  case dnnl_out_of_memory:
    return SVG_DNN_OUT_OF_MEMORY;
  case dnnl_unimplemented:
    return SVG_DNN_UNSUPPORTED;
  default:
    return SVG_DNN_FAILED;
  }
}

dnnl_data_type_t svg_data_type(svg_dnn_type type) {
  return type == SVG_DNN_BFLOAT16 ? dnnl_bf16 : dnnl_f32;
}

size_t svg_type_bytes(svg_dnn_type type) {
  return type == SVG_DNN_BFLOAT16 ? 2 : 4;
}

dnnl_status_t svg_layout_make(dnnl_memory_desc_t* layout, int rank, const dnnl_dims_t extents, svg_dnn_type type,
                              const int64_t* strides) {
  const dnnl_data_type_t data = svg_data_type(type);
#if DNNL_VERSION_MAJOR >= 3
  if (!strides)
    return dnnl_memory_desc_create_with_tag(layout, rank, extents, data, dnnl_format_tag_any);
  return dnnl_memory_desc_create_with_strides(layout, rank, extents, data, strides);
#else
  if (!strides)
    return dnnl_memory_desc_init_by_tag(layout, rank, extents, data, dnnl_format_tag_any);
  return dnnl_memory_desc_init_by_strides(layout, rank, extents, data, strides);
#endif
}

dnnl_status_t svg_layout_bias(dnnl_memory_desc_t* layout, int64_t count) {
  const dnnl_dims_t extents = {count};
  const int64_t strides[] = {1};
  return svg_layout_make(layout, 1, extents, SVG_DNN_FLOAT32, strides);
}

dnnl_status_t svg_layout_copy(dnnl_memory_desc_t* layout, svg_layout_ref source) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone(layout, source);
#else
  *layout = *source;
  return dnnl_success;
#endif
}

void svg_layout_free(dnnl_memory_desc_t* layout) {
#if DNNL_VERSION_MAJOR >= 3
  if (*layout)
    dnnl_memory_desc_destroy(*layout);
#endif
  memset(layout, 0, sizeof *layout);
}

size_t svg_layout_bytes(const dnnl_memory_desc_t* layout) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_get_size(*layout);
#else
  return dnnl_memory_desc_get_size(layout);
#endif
}

void* svg_allocate(size_t bytes) {
  void* memory = NULL;
  return posix_memalign(&memory, 64, bytes ? bytes : 64) == 0 ? memory : NULL;
}

/// The desk of this thread, with a stream; null where memory ran out.
static desk* find_desk(void) {
  pthread_once(&once, start);
  desk* d = has_desks ? pthread_getspecific(desk_key) : NULL;
  if (d || !has_desks)
    return d;
  d = calloc(1, sizeof *d);
  if (!d)
    return NULL;
  if (dnnl_stream_create(&d->stream, engine, dnnl_stream_default_flags) != dnnl_success ||
      pthread_setspecific(desk_key, d) != 0) {
    clear_desk(d);
    return NULL;
  }
  return d;
}

/// At least so much memory on the desk, with arbitrary contents; null where memory ran out.
static void* find_scratch(desk* d, size_t bytes) {
  if (d->scratch_bytes < bytes) {
    free(d->scratch);
    d->scratch = svg_allocate(bytes);
    d->scratch_bytes = d->scratch ? bytes : 0;
  }
  return d->scratch;
}

svg_dnn_status svg_execute(dnnl_primitive_t primitive, const svg_operand* operands, int count) {
  enum { kMost = 8 };
  dnnl_exec_arg_t arguments[kMost];
  int made = 0;
  desk* d = find_desk();
  dnnl_status_t status = d ? dnnl_success : dnnl_out_of_memory;
  for (int i = 0; i < count && status == dnnl_success; ++i) {
    arguments[made].arg = operands[i].argument;
    status = dnnl_memory_create(&arguments[made].memory, operands[i].layout, svg_engine(), operands[i].memory);
    made += status == dnnl_success;
  }
  if (status == dnnl_success) {
    const_dnnl_primitive_desc_t description;
    status = dnnl_primitive_get_primitive_desc(primitive, &description);
    if (status == dnnl_success) {
      svg_layout_ref layout = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
      const size_t bytes = layout ? dnnl_memory_desc_get_size(layout) : 0;
      if (bytes > 0) {
        void* scratch = find_scratch(d, bytes);
        arguments[made].arg = DNNL_ARG_SCRATCHPAD;
        status =
            scratch ? dnnl_memory_create(&arguments[made].memory, layout, svg_engine(), scratch) : dnnl_out_of_memory;
        made += status == dnnl_success;
      }
    }
  }
  if (status == dnnl_success)
    status = dnnl_primitive_execute(primitive, d->stream, made, arguments);
  if (status == dnnl_success)
    status = dnnl_stream_wait(d->stream);
  for (int i = 0; i < made; ++i)
    dnnl_memory_destroy(arguments[i].memory);
  return svg_status(status);
}

svg_dnn_status svg_reorder(const dnnl_memory_desc_t* from, const void* source, const dnnl_memory_desc_t* to,
                           void* target) {
#if DNNL_VERSION_MAJOR >= 3
  svg_layout_ref from_layout = *from;
  svg_layout_ref to_layout = *to;
#else
  svg_layout_ref from_layout = from;
  svg_layout_ref to_layout = to;
#endif
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t primitive = NULL;
  dnnl_status_t status = svg_attributes(&attributes, SVG_DNN_IDENTITY, false);
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create(&description, from_layout, svg_engine(), to_layout, svg_engine(),
                                                attributes);
  if (status == dnnl_success)
    status = dnnl_primitive_create(&primitive, description);
  svg_dnn_status result = svg_status(status);
  if (status == dnnl_success) {
    const svg_operand operands[] = {{DNNL_ARG_FROM, from_layout, (void*)source}, {DNNL_ARG_TO, to_layout, target}};
    result = svg_execute(primitive, operands, 2);
  }
  if (primitive)
    dnnl_primitive_destroy(primitive);
  if (description)
    dnnl_primitive_desc_destroy(description);
  if (attributes)
    dnnl_primitive_attr_destroy(attributes);
  return result;
}

static dnnl_status_t append_activation(dnnl_post_ops_t operations, svg_dnn_activation activation) {
  dnnl_alg_kind_t kind = dnnl_eltwise_relu;
  float alpha = 0;
  switch (activation) {
  case SVG_DNN_IDENTITY:
    return dnnl_success;
  case SVG_DNN_RELU:
    break;
  case SVG_DNN_SILU:
    kind = dnnl_eltwise_swish;
    alpha = 1;
    break;
  case SVG_DNN_QUICK_GELU:
    kind = dnnl_eltwise_swish;
    alpha = 1.702f;
    break;
  case SVG_DNN_GELU_TANH:
    kind = dnnl_eltwise_gelu_tanh;
    break;
  case SVG_DNN_GELU:
    kind = dnnl_eltwise_gelu_erf;
    break;
  }
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise(operations, kind, alpha, 0);
#else
  return dnnl_post_ops_append_eltwise(operations, 1, kind, alpha, 0);
#endif
}

dnnl_status_t svg_attributes(dnnl_primitive_attr_t* attributes, svg_dnn_activation activation, bool accumulate) {
  dnnl_post_ops_t operations = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && (accumulate || activation != SVG_DNN_IDENTITY)) {
    status = dnnl_post_ops_create(&operations);
    if (status == dnnl_success && accumulate) {
#if DNNL_VERSION_MAJOR >= 3
      status = dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
#else
      status = dnnl_post_ops_append_sum(operations, 1);
#endif
    }
    if (status == dnnl_success)
      status = append_activation(operations, activation);
    if (status == dnnl_success)
      status = dnnl_primitive_attr_set_post_ops(*attributes, operations);
  }
  if (operations)
    dnnl_post_ops_destroy(operations);
  return status;
}

bool svg_dnn_multiplies_bfloat16(void) {
#if defined(__x86_64__)
  const unsigned needed = dnnl_cpu_isa_avx512_core_bf16;
  return ((unsigned)dnnl_get_effective_cpu_isa() & needed) == needed;
#else
  return false;
#endif
}

void svg_dnn_version(char* buffer, size_t size) {
  const dnnl_version_t* version = dnnl_version();
  snprintf(buffer, size, "%d.%d.%d", version->major, version->minor, version->patch);
}
