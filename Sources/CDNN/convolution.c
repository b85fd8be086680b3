#include "session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/// A layout that weights can have.
typedef struct weights_layout {
  struct weights_layout* next;
  dnnl_memory_desc_t layout;
} weights_layout;

/// A convolution of slabs of one size.
typedef struct slab_kernel {
  struct slab_kernel* next;
  const weights_layout* weights;
  int64_t rows, width, top, bottom;
  svg_dnn_type output_type;
  bool accumulate;
  dnnl_memory_desc_t x, y;
  dnnl_primitive_t primitive;
} slab_kernel;

struct svg_dnn_convolution {
  svg_dnn_type type;
  svg_dnn_convolution_shape shape;
  dnnl_memory_desc_t bias_layout;
  float* bias;
  /// Guards kernels and layouts, of which the first is that for slabs of a typical size.
  pthread_mutex_t mutex;
  slab_kernel* kernels;
  weights_layout* layouts;
  /// Guards the weights of all slices and the one layout that they are in: who reads them, reads; who puts them into
  /// another layout, writes.
  pthread_rwlock_t weights_lock;
  const weights_layout* held;
  void** weights;
};

/// Rows of the slab that oneDNN is asked about when it chooses the layout of weights.
static const int64_t kTypicalRows = 8;

static dnnl_status_t make_frame(dnnl_memory_desc_t* layout, int64_t channels, int64_t rows, int64_t width,
                                svg_dnn_type type) {
  const dnnl_dims_t extents = {1, channels, rows, width};
  const int64_t strides[] = {rows * width * channels, 1, width * channels, channels};
  return svg_layout_make(layout, 4, extents, type, strides);
}

static dnnl_status_t make_frames(const svg_dnn_convolution* c, slab_kernel* k) {
  const svg_dnn_convolution_shape* s = &c->shape;
  const int64_t rows = (k->rows + k->top + k->bottom - s->kernel_height) / s->stride + 1;
  const int64_t columns = (k->width + s->left + s->right - s->kernel_width) / s->stride + 1;
  dnnl_status_t status = make_frame(&k->x, s->channels, k->rows, k->width, c->type);
  if (status == dnnl_success)
    status = make_frame(&k->y, s->outputs, rows, columns, k->output_type);
  return status;
}

/// The first slice writes the result, biases included; the others add to it.
static dnnl_status_t describe(const svg_dnn_convolution* c, const slab_kernel* k, const dnnl_memory_desc_t* weights,
                              dnnl_primitive_desc_t* description) {
  const svg_dnn_convolution_shape* s = &c->shape;
  const dnnl_dims_t strides = {s->stride, s->stride};
  const dnnl_dims_t before = {k->top, s->left};
  const dnnl_dims_t after = {k->bottom, s->right};
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = svg_attributes(&attributes, SVG_DNN_IDENTITY, k->accumulate);
  if (status == dnnl_success) {
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_dims_t dilation = {0, 0};
    status = dnnl_convolution_forward_primitive_desc_create(
        description, svg_engine(), dnnl_forward_inference, dnnl_convolution_direct, k->x, *weights,
        k->accumulate ? NULL : c->bias_layout, k->y, strides, dilation, before, after, attributes);
#else
    dnnl_convolution_desc_t convolution;
    status = dnnl_convolution_forward_desc_init(&convolution, dnnl_forward_inference, dnnl_convolution_direct, &k->x,
                                                weights, k->accumulate ? NULL : &c->bias_layout, &k->y, strides, before,
                                                after);
    if (status == dnnl_success)
      status = dnnl_primitive_desc_create(description, &convolution, attributes, svg_engine(), NULL);
#endif
  }
  if (attributes)
    dnnl_primitive_attr_destroy(attributes);
  return status;
}

/// Describes the convolution of a slab with the layout of weights left to oneDNN.
static dnnl_status_t describe_freely(const svg_dnn_convolution* c, const slab_kernel* k,
                                     dnnl_primitive_desc_t* description) {
  const svg_dnn_convolution_shape* s = &c->shape;
  const dnnl_dims_t extents = {s->outputs, s->channels, s->kernel_height, s->kernel_width};
  dnnl_memory_desc_t any;
  memset(&any, 0, sizeof any);
  dnnl_status_t status = svg_layout_make(&any, 4, extents, c->type, NULL);
  if (status == dnnl_success)
    status = describe(c, k, &any, description);
  svg_layout_free(&any);
  return status;
}

/// Whether oneDNN has nothing but its reference code, which multiplies one number after the other.
static bool is_reference(dnnl_primitive_desc_t description) {
  const char* name = NULL;
  return dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name &&
         strncmp(name, "ref", 3) == 0;
}

static void free_weights(const svg_dnn_convolution* c, void** weights) {
  for (int64_t slice = 0; weights && slice < c->shape.depth; ++slice)
    free(weights[slice]);
  free(weights);
}

/// The layout of weights that a description asks for.
static const weights_layout* find_layout(svg_dnn_convolution* c, dnnl_primitive_desc_t description) {
  const svg_layout_ref wanted = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
  weights_layout** end = &c->layouts;
  for (; *end; end = &(*end)->next) {
    if (dnnl_memory_desc_equal(SVG_LAYOUT_REF((*end)->layout), wanted))
      return *end;
  }
  weights_layout* found = calloc(1, sizeof *found);
  if (found && svg_layout_copy(&found->layout, wanted) != dnnl_success) {
    free(found);
    found = NULL;
  }
  *end = found;
  return found;
}

static dnnl_status_t choose_layout(svg_dnn_convolution* c, int64_t width) {
  const svg_dnn_convolution_shape* s = &c->shape;
  slab_kernel typical;
  memset(&typical, 0, sizeof typical);
  typical.rows = s->kernel_height + (kTypicalRows - 1) * s->stride;
  typical.width = width;
  typical.output_type = SVG_DNN_FLOAT32;
  typical.accumulate = true;
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = svg_layout_bias(&c->bias_layout, s->outputs);
  if (status == dnnl_success)
    status = make_frames(c, &typical);
  if (status == dnnl_success)
    status = describe_freely(c, &typical, &description);
  if (status == dnnl_success) {
    c->held = find_layout(c, description);
    status = c->held ? dnnl_success : dnnl_out_of_memory;
  }
  if (description)
    dnnl_primitive_desc_destroy(description);
  svg_layout_free(&typical.x);
  svg_layout_free(&typical.y);
  return status;
}

svg_dnn_status svg_dnn_convolution_create(svg_dnn_type type, const svg_dnn_convolution_shape* shape, int64_t width,
                                          svg_dnn_convolution** result) {
  *result = NULL;
  svg_dnn_convolution* c = calloc(1, sizeof *c);
  if (!c)
    return SVG_DNN_OUT_OF_MEMORY;
  c->type = type;
  c->shape = *shape;
  pthread_mutex_init(&c->mutex, NULL);
  pthread_rwlock_init(&c->weights_lock, NULL);
  c->bias = calloc((size_t)shape->outputs, sizeof *c->bias);
  c->weights = calloc((size_t)shape->depth, sizeof *c->weights);
  const svg_team team = svg_team_enter();
  dnnl_status_t status = c->bias && c->weights ? choose_layout(c, width) : dnnl_out_of_memory;
  svg_team_leave(team);
  if (status != dnnl_success) {
    svg_dnn_convolution_destroy(c);
    return svg_status(status);
  }
  *result = c;
  return SVG_DNN_SUCCESS;
}

static void free_kernel(slab_kernel* k) {
  if (k->primitive)
    dnnl_primitive_destroy(k->primitive);
  svg_layout_free(&k->x);
  svg_layout_free(&k->y);
  free(k);
}

void svg_dnn_convolution_destroy(svg_dnn_convolution* c) {
  while (c->kernels) {
    slab_kernel* next = c->kernels->next;
    free_kernel(c->kernels);
    c->kernels = next;
  }
  while (c->layouts) {
    weights_layout* next = c->layouts->next;
    svg_layout_free(&c->layouts->layout);
    free(c->layouts);
    c->layouts = next;
  }
  free_weights(c, c->weights);
  svg_layout_free(&c->bias_layout);
  free(c->bias);
  pthread_rwlock_destroy(&c->weights_lock);
  pthread_mutex_destroy(&c->mutex);
  free(c);
}

size_t svg_dnn_convolution_bytes(svg_dnn_convolution* c) {
  pthread_rwlock_rdlock(&c->weights_lock);
  const size_t bytes = (size_t)c->shape.depth * svg_layout_bytes(&c->held->layout);
  pthread_rwlock_unlock(&c->weights_lock);
  return bytes + (size_t)c->shape.outputs * sizeof(float);
}

svg_dnn_status svg_dnn_convolution_pack(svg_dnn_convolution* c, int64_t slice, const void* weights) {
  const svg_dnn_convolution_shape* s = &c->shape;
  const dnnl_memory_desc_t* layout = &c->held->layout;
  void* packed = svg_allocate(svg_layout_bytes(layout));
  if (!packed)
    return SVG_DNN_OUT_OF_MEMORY;
  const int64_t taps = s->kernel_height * s->kernel_width;
  const dnnl_dims_t extents = {s->outputs, s->channels, s->kernel_height, s->kernel_width};
  const int64_t strides[] = {s->channels * taps, taps, s->kernel_width, 1};
  dnnl_memory_desc_t plain;
  memset(&plain, 0, sizeof plain);
  const svg_team team = svg_team_enter();
  svg_dnn_status status = svg_status(svg_layout_make(&plain, 4, extents, c->type, strides));
  if (status == SVG_DNN_SUCCESS)
    status = svg_reorder(&plain, weights, layout, packed);
  svg_layout_free(&plain);
  svg_team_leave(team);
  if (status != SVG_DNN_SUCCESS) {
    free(packed);
    return status;
  }
  free(c->weights[slice]);
  c->weights[slice] = packed;
  return SVG_DNN_SUCCESS;
}

svg_dnn_status svg_dnn_convolution_set_bias(svg_dnn_convolution* c, const float* bias) {
  memcpy(c->bias, bias, (size_t)c->shape.outputs * sizeof *bias);
  return SVG_DNN_SUCCESS;
}

/// Puts the weights into another layout.
static svg_dnn_status repack(svg_dnn_convolution* c, const weights_layout* wanted) {
  void** weights = calloc((size_t)c->shape.depth, sizeof *weights);
  svg_dnn_status status = weights ? SVG_DNN_SUCCESS : SVG_DNN_OUT_OF_MEMORY;
  for (int64_t slice = 0; status == SVG_DNN_SUCCESS && slice < c->shape.depth; ++slice) {
    weights[slice] = svg_allocate(svg_layout_bytes(&wanted->layout));
    status = weights[slice] ? svg_reorder(&c->held->layout, c->weights[slice], &wanted->layout, weights[slice])
                            : SVG_DNN_OUT_OF_MEMORY;
  }
  free_weights(c, status == SVG_DNN_SUCCESS ? c->weights : weights);
  if (status == SVG_DNN_SUCCESS) {
    c->weights = weights;
    c->held = wanted;
  }
  return status;
}

static dnnl_status_t make_kernel(svg_dnn_convolution* c, slab_kernel* k) {
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = make_frames(c, k);
  k->weights = c->layouts;
  if (status == dnnl_success)
    status = describe(c, k, &c->layouts->layout, &description);
  // The blocks of weights that tiles multiply fastest differ with the width of frames.
  if (status == dnnl_success && is_reference(description)) {
    dnnl_primitive_desc_t other = NULL;
    if (describe_freely(c, k, &other) == dnnl_success && !is_reference(other)) {
      dnnl_primitive_desc_destroy(description);
      description = other;
      k->weights = find_layout(c, description);
      status = k->weights ? dnnl_success : dnnl_out_of_memory;
    } else if (other) {
      dnnl_primitive_desc_destroy(other);
    }
  }
  if (status == dnnl_success)
    status = dnnl_primitive_create(&k->primitive, description);
  if (description)
    dnnl_primitive_desc_destroy(description);
  return status;
}

/// The kernel for slabs of this size, made when it is first asked for.
static dnnl_status_t find_kernel(svg_dnn_convolution* c, const svg_dnn_slab* slab, const slab_kernel** found) {
  dnnl_status_t status = dnnl_success;
  pthread_mutex_lock(&c->mutex);
  slab_kernel* k = c->kernels;
  while (k && !(k->rows == slab->rows && k->width == slab->width && k->top == slab->top && k->bottom == slab->bottom &&
                k->output_type == slab->output_type && k->accumulate == slab->accumulate))
    k = k->next;
  if (!k) {
    k = calloc(1, sizeof *k);
    status = k ? dnnl_success : dnnl_out_of_memory;
    if (k) {
      k->rows = slab->rows;
      k->width = slab->width;
      k->top = slab->top;
      k->bottom = slab->bottom;
      k->output_type = slab->output_type;
      k->accumulate = slab->accumulate;
      status = make_kernel(c, k);
      if (status == dnnl_success) {
        k->next = c->kernels;
        c->kernels = k;
      } else {
        free_kernel(k);
      }
    }
  }
  *found = k;
  pthread_mutex_unlock(&c->mutex);
  return status;
}

static svg_dnn_status run(const svg_dnn_convolution* c, int64_t slice, const svg_dnn_slab* slab, const slab_kernel* k) {
  const svg_operand operands[] = {
      {DNNL_ARG_SRC, SVG_LAYOUT_REF(k->x), (void*)slab->input},
      {DNNL_ARG_WEIGHTS, SVG_LAYOUT_REF(k->weights->layout), c->weights[slice]},
      {DNNL_ARG_DST, SVG_LAYOUT_REF(k->y), slab->output},
      {DNNL_ARG_BIAS, SVG_LAYOUT_REF(c->bias_layout), c->bias},
  };
  return svg_execute(k->primitive, operands, slab->accumulate ? 3 : 4);
}

svg_dnn_status svg_dnn_convolution_run(svg_dnn_convolution* c, int64_t slice, const svg_dnn_slab* slab) {
  const slab_kernel* k = NULL;
  const svg_team team = svg_team_enter();
  svg_dnn_status status = svg_status(find_kernel(c, slab, &k));
  bool done = status != SVG_DNN_SUCCESS;
  while (!done) {
    pthread_rwlock_rdlock(&c->weights_lock);
    done = c->held == k->weights;
    if (done)
      status = run(c, slice, slab, k);
    pthread_rwlock_unlock(&c->weights_lock);
    if (done)
      break;
    // All slabs of a frame mostly want the same layout: it changes when frames of another width come, not back and
    // forth. Who changes it runs before anybody can change it back.
    pthread_rwlock_wrlock(&c->weights_lock);
    done = c->held != k->weights;
    if (done) {
      status = repack(c, k->weights);
      if (status == SVG_DNN_SUCCESS)
        status = run(c, slice, slab, k);
    }
    pthread_rwlock_unlock(&c->weights_lock);
  }
  svg_team_leave(team);
  return status;
}
