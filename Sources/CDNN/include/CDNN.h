#ifndef SVG_CDNN_H
#define SVG_CDNN_H

/// A C face on oneDNN (2.6 and 3.x): matrix products and convolutions with weights packed once.
///
/// Everything runs on the calling thread alone: a call sets the thread's OpenMP team size to one and puts it back, so
/// that oneDNN starts no threads of its own. Objects may be used by many threads at once.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// The type of operands; sums are float32.
typedef enum svg_dnn_type {
  SVG_DNN_FLOAT32 = 0,
  SVG_DNN_BFLOAT16 = 1,
} svg_dnn_type;

/// A function applied to results before they are rounded and stored.
typedef enum svg_dnn_activation {
  SVG_DNN_IDENTITY = 0,
  SVG_DNN_RELU = 1,
  SVG_DNN_SILU = 2,
  SVG_DNN_GELU_TANH = 3,
  SVG_DNN_GELU = 4,
  SVG_DNN_QUICK_GELU = 5,
} svg_dnn_activation;

/// How a call went.
typedef enum svg_dnn_status {
  SVG_DNN_SUCCESS = 0,
  SVG_DNN_OUT_OF_MEMORY = 1,
  /// oneDNN has no implementation on this processor.
  SVG_DNN_UNSUPPORTED = 2,
  SVG_DNN_FAILED = 3,
} svg_dnn_status;

/// Whether the processor has bfloat16 products and oneDNN uses them.
bool svg_dnn_multiplies_bfloat16(void);

/// The version of oneDNN that runs, such as "2.6.3"; valid until the next call.
void svg_dnn_version(char* buffer, size_t size);

// MARK: - Linear layers

/// `x Wᵀ + b` with the outputs cut into outputs ÷ panel_outputs panels, of which the last may be narrower: each has its
/// weights `[n, K]` in the layout that oneDNN prefers.
typedef struct svg_dnn_linear svg_dnn_linear;

/// Makes a layer without weights.
/// - typical_rows: the rows of most products; weights are laid out for it.
svg_dnn_status svg_dnn_linear_create(svg_dnn_type type, int64_t inputs, int64_t outputs, int64_t panel_outputs,
                                     int64_t typical_rows, svg_dnn_linear* _Nullable* _Nonnull linear);

void svg_dnn_linear_destroy(svg_dnn_linear* linear);

/// Whether `y_stride` may differ from the width of a panel. In bfloat16 oneDNN has its fast products, which weights are
/// laid out for, only for results without gaps; others take its slow reference code.
bool svg_dnn_linear_writes_strided(const svg_dnn_linear* linear);

/// The bytes that the layer holds.
size_t svg_dnn_linear_bytes(const svg_dnn_linear* linear);

/// Packs the weights `[n, inputs]` of one panel, given in the layer's type with rows `weights_stride` elements apart,
/// and copies its biases `[n]`, if any: all panels have them or none. Panels may be packed at the same time.
svg_dnn_status svg_dnn_linear_pack(svg_dnn_linear* linear, int64_t panel, const void* weights, int64_t weights_stride,
                                   const float* _Nullable bias);

/// Rows that are multiplied with a panel, and where the results go.
typedef struct svg_dnn_rows {
  int64_t count;
  /// `[count, x_stride]` in the layer's type; without gaps in bfloat16, for the reason of
  /// `svg_dnn_linear_writes_strided`.
  const void* x;
  int64_t x_stride;
  /// `[count, y_stride]` of `y_type`, at the panel's first column; without gaps unless the layer writes strided.
  void* y;
  int64_t y_stride;
  svg_dnn_type y_type;
  svg_dnn_activation activation;
  /// Whether the product is added to `y`, without biases, or replaces it.
  bool accumulate;
} svg_dnn_rows;

/// `y = activation(x Wᵀ + b)`, or `activation(y + x Wᵀ)`, for one panel.
svg_dnn_status svg_dnn_linear_run(svg_dnn_linear* linear, int64_t panel, const svg_dnn_rows* rows);

// MARK: - Convolutions

/// Convolutions of single frames, one for each of the `kt` slices in time of a causal convolution.
typedef struct svg_dnn_convolution svg_dnn_convolution;

/// Shape and steps of a convolution.
typedef struct svg_dnn_convolution_shape {
  int64_t outputs;
  int64_t channels;
  int64_t depth;
  int64_t kernel_height;
  int64_t kernel_width;
  int64_t stride;
  int64_t left;
  int64_t right;
} svg_dnn_convolution_shape;

/// Makes a convolution without weights.
/// - width: the columns of the frames that weights are laid out for.
svg_dnn_status svg_dnn_convolution_create(svg_dnn_type type, const svg_dnn_convolution_shape* shape, int64_t width,
                                          svg_dnn_convolution* _Nullable* _Nonnull convolution);

void svg_dnn_convolution_destroy(svg_dnn_convolution* convolution);

/// The bytes that the convolution holds. Frames of some widths call for another layout of its weights, which then takes
/// the place of the one before.
size_t svg_dnn_convolution_bytes(svg_dnn_convolution* convolution);

/// Packs the weights `[outputs, channels, kernel_height, kernel_width]` of one slice, given in the convolution's type.
svg_dnn_status svg_dnn_convolution_pack(svg_dnn_convolution* convolution, int64_t slice, const void* weights);

/// Copies the biases `[outputs]`.
svg_dnn_status svg_dnn_convolution_set_bias(svg_dnn_convolution* convolution, const float* bias);

/// A slab of rows of one frame.
typedef struct svg_dnn_slab {
  /// `[rows, width, channels]` in the convolution's type: the rows that exist, halo included.
  const void* input;
  int64_t rows;
  int64_t width;
  /// Rows of zeros above and below.
  int64_t top;
  int64_t bottom;
  /// `[(rows + top + bottom − kernel_height) / stride + 1, …, outputs]` of `output_type`.
  void* output;
  svg_dnn_type output_type;
  /// Whether the result is added to the output, or replaces it, biases included.
  bool accumulate;
} svg_dnn_slab;

/// Convolves one slab with one slice.
svg_dnn_status svg_dnn_convolution_run(svg_dnn_convolution* convolution, int64_t slice, const svg_dnn_slab* slab);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
