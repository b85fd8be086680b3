#include "session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/// A product for one number of rows, one set of strides and one end of the work.
typedef struct product {
  struct product* next;
  int64_t rows, outputs, x_stride, y_stride;
  svg_dnn_type y_type;
  svg_dnn_activation activation;
  bool accumulate;
  dnnl_memory_desc_t x, y;
  dnnl_primitive_t primitive;
} product;

struct svg_dnn_linear {
  svg_dnn_type type;
  int64_t inputs, outputs, panel_outputs, panels;
  /// Of full panels, and of the last one.
  dnnl_memory_desc_t layout[2], bias_layout[2];
  void** weights;
  float* bias;
  pthread_mutex_t mutex;
  product* products;
};

static int64_t panel_width(const svg_dnn_linear* linear, int64_t panel) {
  const int64_t rest = linear->outputs - panel * linear->panel_outputs;
  return rest < linear->panel_outputs ? rest : linear->panel_outputs;
}

static int kind_of_panel(const svg_dnn_linear* linear, int64_t panel) {
  return panel_width(linear, panel) == linear->panel_outputs ? 0 : 1;
}

bool svg_dnn_linear_writes_strided(const svg_dnn_linear* linear) {
  return linear->type == SVG_DNN_FLOAT32;
}

static dnnl_status_t describe(const dnnl_memory_desc_t* x, const dnnl_memory_desc_t* w, const dnnl_memory_desc_t* b,
                              const dnnl_memory_desc_t* y, svg_dnn_activation activation, bool accumulate,
                              dnnl_primitive_desc_t* description) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = svg_attributes(&attributes, activation, accumulate);
  if (status == dnnl_success) {
#if DNNL_VERSION_MAJOR >= 3
    status = dnnl_matmul_primitive_desc_create(description, svg_engine(), *x, *w, b ? *b : NULL, *y, attributes);
#else
    dnnl_matmul_desc_t product;
    status = dnnl_matmul_desc_init(&product, x, w, b, y);
    if (status == dnnl_success)
      status = dnnl_primitive_desc_create(description, &product, attributes, svg_engine(), NULL);
#endif
  }
  if (attributes)
    dnnl_primitive_attr_destroy(attributes);
  return status;
}

static dnnl_status_t make_matrix(dnnl_memory_desc_t* layout, int64_t rows, int64_t columns, int64_t stride,
                                 svg_dnn_type type) {
  const dnnl_dims_t extents = {rows, columns};
  const int64_t strides[] = {stride, 1};
  return svg_layout_make(layout, 2, extents, type, strides);
}

/// Asks oneDNN for the layout of a panel's weights. Matrix products take biases of shape [1, n].
static dnnl_status_t choose_layout(svg_dnn_linear* linear, int kind, int64_t width, int64_t rows) {
  dnnl_memory_desc_t x, y, any;
  memset(&x, 0, sizeof x);
  memset(&y, 0, sizeof y);
  memset(&any, 0, sizeof any);
  dnnl_primitive_desc_t description = NULL;
  const dnnl_dims_t extents = {linear->inputs, width};
  const int64_t y_stride = svg_dnn_linear_writes_strided(linear) ? linear->outputs : width;
  dnnl_status_t status = make_matrix(&x, rows, linear->inputs, linear->inputs, linear->type);
  if (status == dnnl_success)
    status = make_matrix(&y, rows, width, y_stride, linear->type);
  if (status == dnnl_success)
    status = svg_layout_make(&any, 2, extents, linear->type, NULL);
  if (status == dnnl_success)
    status = make_matrix(&linear->bias_layout[kind], 1, width, width, SVG_DNN_FLOAT32);
  if (status == dnnl_success)
    status = describe(&x, &any, &linear->bias_layout[kind], &y, SVG_DNN_IDENTITY, false, &description);
  if (status == dnnl_success)
    status =
        svg_layout_copy(&linear->layout[kind], dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0));
  if (description)
    dnnl_primitive_desc_destroy(description);
  svg_layout_free(&x);
  svg_layout_free(&y);
  svg_layout_free(&any);
  return status;
}

svg_dnn_status svg_dnn_linear_create(svg_dnn_type type, int64_t inputs, int64_t outputs, int64_t panel_outputs,
                                     int64_t typical_rows, svg_dnn_linear** result) {
  *result = NULL;
  svg_dnn_linear* linear = calloc(1, sizeof *linear);
  if (!linear)
    return SVG_DNN_OUT_OF_MEMORY;
  linear->type = type;
  linear->inputs = inputs;
  linear->outputs = outputs;
  linear->panel_outputs = panel_outputs;
  linear->panels = (outputs + panel_outputs - 1) / panel_outputs;
  pthread_mutex_init(&linear->mutex, NULL);
  linear->weights = calloc((size_t)linear->panels, sizeof *linear->weights);
  linear->bias = calloc((size_t)outputs, sizeof *linear->bias);
  const svg_team team = svg_team_enter();
  dnnl_status_t status = linear->weights && linear->bias ? dnnl_success : dnnl_out_of_memory;
  const int64_t last = linear->panels - 1;
  if (status == dnnl_success && kind_of_panel(linear, 0) == 0)
    status = choose_layout(linear, 0, panel_outputs, typical_rows);
  if (status == dnnl_success && kind_of_panel(linear, last) == 1)
    status = choose_layout(linear, 1, panel_width(linear, last), typical_rows);
  svg_team_leave(team);
  if (status != dnnl_success) {
    svg_dnn_linear_destroy(linear);
    return svg_status(status);
  }
  *result = linear;
  return SVG_DNN_SUCCESS;
}

static void free_product(product* p) {
  if (p->primitive)
    dnnl_primitive_destroy(p->primitive);
  svg_layout_free(&p->x);
  svg_layout_free(&p->y);
  free(p);
}

void svg_dnn_linear_destroy(svg_dnn_linear* linear) {
  while (linear->products) {
    product* next = linear->products->next;
    free_product(linear->products);
    linear->products = next;
  }
  for (int64_t panel = 0; linear->weights && panel < linear->panels; ++panel)
    free(linear->weights[panel]);
  for (int kind = 0; kind < 2; ++kind) {
    svg_layout_free(&linear->layout[kind]);
    svg_layout_free(&linear->bias_layout[kind]);
  }
  free(linear->weights);
  free(linear->bias);
  pthread_mutex_destroy(&linear->mutex);
  free(linear);
}

size_t svg_dnn_linear_bytes(const svg_dnn_linear* linear) {
  size_t bytes = (size_t)linear->outputs * sizeof(float);
  for (int64_t panel = 0; panel < linear->panels; ++panel)
    bytes += svg_layout_bytes(&linear->layout[kind_of_panel(linear, panel)]);
  return bytes;
}

svg_dnn_status svg_dnn_linear_pack(svg_dnn_linear* linear, int64_t panel, const void* weights, int64_t weights_stride,
                                   const float* bias) {
  const int64_t width = panel_width(linear, panel);
  const dnnl_memory_desc_t* layout = &linear->layout[kind_of_panel(linear, panel)];
  void* packed = svg_allocate(svg_layout_bytes(layout));
  if (!packed)
    return SVG_DNN_OUT_OF_MEMORY;
  // [n, K] in memory is [K, n] to a matrix product.
  dnnl_memory_desc_t plain;
  memset(&plain, 0, sizeof plain);
  const dnnl_dims_t extents = {linear->inputs, width};
  const int64_t strides[] = {1, weights_stride};
  const svg_team team = svg_team_enter();
  svg_dnn_status status = svg_status(svg_layout_make(&plain, 2, extents, linear->type, strides));
  if (status == SVG_DNN_SUCCESS)
    status = svg_reorder(&plain, weights, layout, packed);
  svg_layout_free(&plain);
  svg_team_leave(team);
  if (status != SVG_DNN_SUCCESS) {
    free(packed);
    return status;
  }
  free(linear->weights[panel]);
  linear->weights[panel] = packed;
  if (bias)
    memcpy(linear->bias + panel * linear->panel_outputs, bias, (size_t)width * sizeof *bias);
  return SVG_DNN_SUCCESS;
}

static dnnl_status_t make_product(svg_dnn_linear* linear, product* p, int kind) {
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = make_matrix(&p->x, p->rows, linear->inputs, p->x_stride, linear->type);
  if (status == dnnl_success)
    status = make_matrix(&p->y, p->rows, p->outputs, p->y_stride, p->y_type);
  if (status == dnnl_success)
    status = describe(&p->x, &linear->layout[kind], p->accumulate ? NULL : &linear->bias_layout[kind], &p->y,
                      p->activation, p->accumulate, &description);
  if (status == dnnl_success)
    status = dnnl_primitive_create(&p->primitive, description);
  if (description)
    dnnl_primitive_desc_destroy(description);
  return status;
}

/// The product for these sizes, made when it is first asked for.
static dnnl_status_t find_product(svg_dnn_linear* linear, const product* wanted, int kind, const product** found) {
  dnnl_status_t status = dnnl_success;
  pthread_mutex_lock(&linear->mutex);
  product* p = linear->products;
  while (p && !(p->rows == wanted->rows && p->outputs == wanted->outputs && p->x_stride == wanted->x_stride &&
                p->y_stride == wanted->y_stride && p->y_type == wanted->y_type && p->activation == wanted->activation &&
                p->accumulate == wanted->accumulate))
    p = p->next;
  if (!p) {
    p = malloc(sizeof *p);
    status = p ? dnnl_success : dnnl_out_of_memory;
    if (p) {
      *p = *wanted;
      status = make_product(linear, p, kind);
      if (status == dnnl_success) {
        p->next = linear->products;
        linear->products = p;
      } else {
        free_product(p);
      }
    }
  }
  *found = p;
  pthread_mutex_unlock(&linear->mutex);
  return status;
}

svg_dnn_status svg_dnn_linear_run(svg_dnn_linear* linear, int64_t panel, const svg_dnn_rows* rows) {
  const int kind = kind_of_panel(linear, panel);
  product wanted;
  memset(&wanted, 0, sizeof wanted);
  wanted.rows = rows->count;
  wanted.outputs = panel_width(linear, panel);
  wanted.x_stride = rows->x_stride;
  wanted.y_stride = rows->y_stride;
  wanted.y_type = rows->y_type;
  wanted.activation = rows->activation;
  wanted.accumulate = rows->accumulate;
  const product* found = NULL;
  const svg_team team = svg_team_enter();
  svg_dnn_status status = svg_status(find_product(linear, &wanted, kind, &found));
  if (status == SVG_DNN_SUCCESS) {
    const svg_operand operands[] = {
        {DNNL_ARG_SRC, SVG_LAYOUT_REF(found->x), (void*)rows->x},
        {DNNL_ARG_WEIGHTS, SVG_LAYOUT_REF(linear->layout[kind]), linear->weights[panel]},
        {DNNL_ARG_DST, SVG_LAYOUT_REF(found->y), rows->y},
        {DNNL_ARG_BIAS, SVG_LAYOUT_REF(linear->bias_layout[kind]), linear->bias + panel * linear->panel_outputs},
    };
    status = svg_execute(found->primitive, operands, rows->accumulate ? 3 : 4);
  }
  svg_team_leave(team);
  return status;
}
