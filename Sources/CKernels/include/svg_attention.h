#ifndef SVG_ATTENTION_H
#define SVG_ATTENTION_H

/// Block-sparse attention on the CPU, in three operations:
///
///   1. `svg_prepare_heads`: QK-norm, rotary embedding, placement in each head's token order and packing, in one pass;
///   2. `svg_attend_blocks`: softmax attention over the kept key blocks, rows written straight to their sequence place;
///   3. `svg_profile_heads`: how much each head would lose under the spatial and under the temporal band.
///
/// Glossary: H heads of dimension D; F frames of P tokens, V = F·P video tokens; T text tokens; S = T + V.
///
/// *Sequence order* is what models have: the text tokens first or last, the video tokens frame-major (`f·P + p`).
/// *Packed order* is per head: video rows first, padded to whole blocks of 64 rows, then text rows, padded likewise.
/// Video rows of a spatial head are frame-major (`f·P + p`), those of a temporal head token-major (`p·F + f`).
///
/// Every function works on the calling thread only, allocates nothing, keeps no state and may run on many threads at
/// once with different tasks. The bits of a result depend on the instruction set and never on the order of the tasks.
/// At most 256 KiB of stack are used. Arguments that break a stated precondition are the caller's bug: unchecked.

#include "svg_isa.h"

#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Rows in a block of queries or keys: the granularity of packing and of masks.
#define SVG_BLOCK_ROWS 64

/// Token order of one head's video rows.
typedef enum svg_pattern {
  SVG_PATTERN_SPATIAL = 0,
  SVG_PATTERN_TEMPORAL = 1,
} svg_pattern;

/// Normalization of each query and key row over the head dimension, before the rotary embedding.
typedef enum svg_norm {
  SVG_NORM_NONE = 0,
  /// `(x − mean) / √(variance + eps) · weight + bias`
  SVG_NORM_LAYER = 1,
  /// `x / √(mean(x²) + eps) · weight + bias`
  SVG_NORM_RMS = 2,
} svg_norm;

/// Sizes and token order of the attention of one sample.
typedef struct svg_geometry {
  /// H, at least 1.
  int64_t heads;
  /// D: even, at most 256, and as `svg_isa_supports` says.
  int64_t head_dimension;
  /// F, at least 1.
  int64_t frames;
  /// P, at least 1. V = F·P fits 31 bits.
  int64_t tokens_per_frame;
  /// T, may be 0.
  int64_t text_tokens;
  /// How many of the T are text and not padding (0 ... T; padding comes last). Padded text is a key to nobody and its
  /// output rows are zeros; its projection rows are not read.
  int64_t valid_text;
  /// Whether the text rows come before the video rows of the sequence.
  bool text_first;
} svg_geometry;

/// Projection rows of one part of the sequence (text or video) and what is done to them.
typedef struct svg_segment {
  /// `[n, 3·H·D]`: all heads' queries, then all keys, then all values. Null when the part has no rows.
  const void* _Nullable rows;
  /// Distance between rows in elements, at least 3·H·D.
  int64_t row_stride;
  /// Applied to queries and keys.
  svg_norm norm;
  float eps;
  /// `[D]` each; null means ones (weights) or zeros (biases). Not read for `SVG_NORM_NONE`.
  const float* _Nullable q_weight;
  const float* _Nullable q_bias;
  const float* _Nullable k_weight;
  const float* _Nullable k_bias;
  /// Rotary tables `[n, D/2]`, row r for row r of `rows`; both null for no rotation. Adjacent elements are a pair:
  /// `(x0, x1) → (x0·cos − x1·sin, x1·cos + x0·sin)`.
  const float* _Nullable cosine;
  const float* _Nullable sine;
} svg_segment;

/// What a layer's QKV linear produced.
typedef struct svg_projection {
  svg_geometry geometry;
  /// Type of the rows of both segments.
  svg_element element;
  /// V rows, frame-major.
  svg_segment video;
  /// T rows.
  svg_segment text;
} svg_projection;

/// Whether `isa` is available and its kernels take this head dimension: the scalar ones any even one up to 256, AMX
/// multiples of 32, the others multiples of 16 up to 256.
bool svg_isa_supports(svg_isa isa, int64_t head_dimension);

/// The fastest available instruction set for heads of this dimension and activations of that type.
svg_isa svg_isa_best_for_heads(svg_element activations, int64_t head_dimension);

/// Blocks that hold the V video rows, and those that hold the T text rows, in packed order.
int64_t svg_video_blocks(const svg_geometry* geometry);
int64_t svg_text_blocks(const svg_geometry* geometry);

/// `svg_video_blocks + svg_text_blocks`: query (and key) blocks of one head.
int64_t svg_block_count(const svg_geometry* geometry);

/// Bytes of the packed queries of all heads; packed keys and packed values take as many each. Allocate 64-byte aligned.
size_t svg_packed_bytes(const svg_geometry* geometry, svg_isa isa);

// MARK: - Prepare

/// Arguments of `svg_prepare_heads`.
typedef struct svg_prepare {
  svg_projection projection;
  /// `[H]`, one `svg_pattern` per head.
  const uint8_t* patterns;
  /// Multiplied onto the scores; usually 1/√D. It is folded into the packed queries, with log2(e), before rounding.
  float softmax_scale;
  /// `svg_packed_bytes` each, 64-byte aligned, layout private to the instruction set. Every byte is written once all
  /// tasks have run; rows of padding are zeros.
  void* packed_q;
  void* packed_k;
  void* packed_v;
} svg_prepare;

/// Number of tasks of `svg_prepare_heads`: H · `svg_block_count`. Task = block · H + head, so that neighbouring tasks
/// read neighbouring memory and share rotary rows: hand out contiguous ranges.
int64_t svg_prepare_task_count(const svg_prepare* prepare);

/// Normalizes, rotates, places and packs Q, K and V for the tasks `first_task ..< last_task`.
void svg_prepare_heads(const svg_prepare* prepare, svg_isa isa, int64_t first_task, int64_t last_task);

// MARK: - Attend

/// In `svg_block_list.entries`, above the 28 bits of the key block: only pairs with `|i − j| < half_width` are kept, i
/// and j being video positions in packed order. Both blocks must be video blocks.
#define SVG_KIND_BAND (1u << 28)
/// Keys past the end of their part do not exist: video rows from V on, text rows from `valid_text` on. Must be set on
/// every listed block that holds such keys, and only there is it needed.
#define SVG_KIND_LIMIT (1u << 29)
/// The bits of an entry that are the key block.
#define SVG_KEY_BLOCK_MASK (SVG_KIND_BAND - 1u)

/// For each query block of one pattern, the key blocks it keeps.
typedef struct svg_block_list {
  /// `[blocks + 1]`: query block b keeps `entries[row_offsets[b] ..< row_offsets[b + 1]]`; an empty range yields zeros.
  const int32_t* _Nullable row_offsets;
  /// Key block, with the `SVG_KIND_…` bits that apply to it. Entries without such bits run no mask code.
  const uint32_t* _Nullable entries;
  /// Half-width in tokens of the `SVG_KIND_BAND` mask.
  int64_t half_width;
} svg_block_list;

/// Arguments of `svg_attend_blocks`.
typedef struct svg_attend {
  svg_geometry geometry;
  /// `[H]`, as given to `svg_prepare_heads`: names the list of a head and the sequence place of its rows.
  const uint8_t* patterns;
  /// The lists of spatial and of temporal heads. One that no head uses may be null. Dense attention is a list with
  /// every block; both members may name the same list.
  svg_block_list spatial;
  svg_block_list temporal;
  /// Written by `svg_prepare_heads` for the same instruction set.
  const void* packed_q;
  const void* packed_k;
  const void* packed_v;
  /// `[S, H·D]` in sequence order.
  void* output;
  svg_element output_element;
  /// Distance between output rows in elements, at least H·D.
  int64_t output_stride;
} svg_attend;

/// Number of tasks of `svg_attend_blocks`: H · `svg_block_count`. Task = head · blocks + query block.
int64_t svg_attend_task_count(const svg_attend* attend);

/// Key blocks that a task computes: its cost. Start expensive tasks first.
int64_t svg_attend_task_cost(const svg_attend* attend, int64_t task);

/// Computes `softmax(Q Kᵀ · scale) V` over the kept pairs for one head and 64 query rows, and writes the rows to their
/// place in `output`. Rows without a kept key, and rows of padded text, become zeros. All tasks together write every
/// element of `output`'s `[S, H·D]` once.
///
/// Scores and sums are float32 (scalar: double). `SVG_ISA_AVX512_BF16` and `SVG_ISA_AMX_BF16` round Q, K, V and the
/// softmax weights to bfloat16 and divide by the sum of the rounded weights.
void svg_attend_blocks(const svg_attend* attend, svg_isa isa, int64_t task);

// MARK: - Profile

/// Arguments of `svg_profile_heads`.
typedef struct svg_profile {
  svg_projection projection;
  /// Multiplied onto the scores; usually 1/√D.
  float softmax_scale;
  /// Sampled query rows, frame-major video indices in 0 ..< V; the same for all heads.
  const int32_t* rows;
  /// t, at least 1; multiples of 64 waste nothing.
  int64_t row_count;
  /// Half-widths in tokens of the two bands; pairs with `|i − j| < half_width` are kept, i and j being frame-major
  /// (spatial) or token-major (temporal) indices. Valid text keys are always kept.
  int64_t spatial_half_width;
  int64_t temporal_half_width;
  /// Parts that the keys of a head are cut into, at least 1: more parts, more parallelism, more scratch. The bits of
  /// the result depend on it (sums are regrouped), so derive it from the problem and not from the number of threads.
  int64_t split_count;
  /// `svg_profile_scratch_bytes`, 64-byte aligned.
  void* scratch;
  /// `[H, 2]`: per head the mean over rows and D of `(masked − full)²`, spatial band first.
  float* errors;
} svg_profile;

/// Bytes of `svg_profile.scratch`; depends on the geometry, `row_count` and `split_count`.
size_t svg_profile_scratch_bytes(const svg_profile* profile, svg_isa isa);

/// Number of tasks of `svg_profile_heads`: H · `split_count`. Task = head · split_count + split.
int64_t svg_profile_task_count(const svg_profile* profile);

/// Attends the sampled rows of one head to one part of the keys three times (all keys, spatial band, temporal band)
/// from one pass over the raw projection, and leaves the partial results in `scratch`.
void svg_profile_heads(const svg_profile* profile, svg_isa isa, int64_t task);

/// Combines the parts of one head, in a fixed order, into `errors[2·head]` and `errors[2·head + 1]`. Call it once
/// all tasks of the head have run.
void svg_profile_combine(const svg_profile* profile, svg_isa isa, int64_t head);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
