#ifndef SVG_ELEMENTWISE_H
#define SVG_ELEMENTWISE_H

/// Norms, activations, gates, residuals, conversions and text attention on the CPU: everything between the matrix
/// products that goes over memory once.
///
/// Every function works on the calling thread only, on the rows it is given, and allocates nothing. Arithmetic is
/// float32 whatever the element type. Relative error of the functions against the exact ones: exp 1e-7, GELU, SiLU and
/// quick GELU 4e-7 of their magnitude for |x| ≤ 10. Arguments that break a stated precondition are the caller's bug.

#include "svg_isa.h"

#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// A function applied element by element.
typedef enum svg_activation {
  SVG_ACTIVATION_IDENTITY = 0,
  SVG_ACTIVATION_RELU = 1,
  /// `x · σ(x)`
  SVG_ACTIVATION_SILU = 2,
  /// The Gaussian error linear unit in its tanh form.
  SVG_ACTIVATION_GELU_TANH = 3,
  /// The Gaussian error linear unit with the exact error function.
  SVG_ACTIVATION_GELU = 4,
  /// `x · σ(1.702x)`
  SVG_ACTIVATION_QUICK_GELU = 5,
} svg_activation;

/// A floating-point type in memory.
typedef enum svg_number {
  SVG_NUMBER_FLOAT32 = 0,
  SVG_NUMBER_BFLOAT16 = 1,
  SVG_NUMBER_FLOAT16 = 2,
} svg_number;

/// Converts `count` numbers; rounds to nearest, ties to even. Needs no alignment. `source` and `target` do not overlap.
void svg_convert(svg_isa isa, const void* source, svg_number from, void* target, svg_number to, size_t count);

/// Converts rows of `columns` numbers with distances between rows, in elements.
void svg_convert_rows(svg_isa isa, const void* source, svg_number from, int64_t source_stride, void* target,
                      svg_number to, int64_t target_stride, int64_t rows, int64_t columns);

/// The parameters of `svg_normalize_rows`, `[channels]` each; null means ones (weight), zeros (bias) or no modulation.
typedef struct svg_row_norm {
  /// Whether the mean is subtracted: layer norm, else root mean square.
  bool centered;
  float epsilon;
  const float* _Nullable weight;
  const float* _Nullable bias;
  /// Both or none: `· (1 + scale) + shift`.
  const float* _Nullable scale;
  const float* _Nullable shift;
} svg_row_norm;

/// Normalizes rows of `channels` elements: `(x − mean) / √(variance + ε) · weight + bias`, then the modulation.
void svg_normalize_rows(svg_isa isa, svg_element element, const void* input, void* output, int64_t rows,
                        int64_t channels, const svg_row_norm* norm);

/// `output = activation(input)`; both may be the same memory.
void svg_activate(svg_isa isa, svg_element element, const void* input, void* output, size_t count,
                  svg_activation activation);

/// `output[r, c] = activation(input[r, c]) · input[r, half + c]` for rows of `2·half` elements.
void svg_gate_rows(svg_isa isa, svg_element element, const void* input, void* output, int64_t rows, int64_t half,
                   svg_activation activation);

/// `target += other`.
void svg_add(svg_isa isa, svg_element element, const void* other, void* target, size_t count);

/// `target[r, c] += gate[c] · addend[r, c]`; gate may be null, which means 1. Strides in elements.
void svg_add_gated(svg_isa isa, svg_element element, const float* addend, int64_t addend_stride,
                   const float* _Nullable gate, void* target, int64_t target_stride, int64_t rows, int64_t columns);

/// Rotates pairs of elements of every head in place: elements `i` and `i + D/2` of a head of row `r` by the angle with
/// the cosine `cosine[r, i]` and the sine `sine[r, i]`, which are `[rows, D/2]`. Rows have `heads · D` elements.
void svg_rotate_halves(svg_isa isa, svg_element element, void* target, int64_t rows, int64_t heads, int64_t dimension,
                       const float* cosine, const float* sine);

/// For each channel `Σ(x − origin)` and `Σ(x − origin)²` over the places: `sums[0, c]` and `sums[1, c]`. Partial sums
/// of up to 64 places are float32, their total is double; an origin near the mean keeps the difference of squares
/// exact.
void svg_channel_sums(svg_isa isa, svg_element element, const void* input, int64_t places, int64_t channels,
                      const float* origin, double* sums);

/// The parameters of `svg_apply_channels` for one row of a frame.
typedef struct svg_channel_map {
  /// `[channels]`
  const float* factor;
  /// `[channels]`
  const float* offset;
  /// `[coarse_places, channels]`, elements; both or none. Place x of the row reads place `⌊x · coarse_places /
  /// places⌋`.
  const void* _Nullable scale;
  const void* _Nullable shift;
  int64_t coarse_places;
  svg_activation activation;
} svg_channel_map;

/// `output = activation((input · factor + offset) · scale + shift)` for one row of `places` places.
void svg_apply_channels(svg_isa isa, svg_element element, const void* input, void* output, int64_t places,
                        int64_t channels, const svg_channel_map* map);

/// Arguments of `svg_attend_text`.
typedef struct svg_text_attention {
  svg_element element;
  /// `[m, query_stride]`, `[n, key_stride]`, `[n, key_stride]`: rows of all heads; this head's part starts at the
  /// pointer.
  const void* query;
  const void* key;
  const void* value;
  int64_t query_stride;
  int64_t key_stride;
  /// `[m, query_stride]`
  void* output;
  /// m
  int64_t rows;
  /// n; equal to m when attention is causal.
  int64_t keys;
  /// D
  int64_t dimension;
  float scale;
  /// `[m, n]`, added to the scaled scores, if any.
  const float* _Nullable bias;
  bool causal;
  /// `svg_text_scratch_floats` floats.
  float* scratch;
} svg_text_attention;

/// The floats of scratch memory that `svg_attend_text` needs.
size_t svg_text_scratch_floats(int64_t keys, int64_t dimension);

/// Softmax attention of one head over short sequences; never holds more than four rows of scores.
void svg_attend_text(svg_isa isa, const svg_text_attention* attention);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
