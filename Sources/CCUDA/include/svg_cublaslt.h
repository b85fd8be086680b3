// The functions of cuBLASLt that are called, and the numbers of its enumerations.
//
// Source: "cuBLAS", <https://docs.nvidia.com/cuda/cublas/>, chapter "Using the cuBLASLt API". A handle, a description,
// a layout and a preference are pointers, a result an int.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// A way to multiply, as the heuristic chooses it: opaque, and as long as documented.
typedef struct svg_cublaslt_algorithm {
  uint64_t data[8];
} svg_cublaslt_algorithm;

/// An answer of the heuristic.
typedef struct svg_cublaslt_choice {
  svg_cublaslt_algorithm algorithm;
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
} svg_cublaslt_choice;

/// The functions of `libcublasLt` that are called.
typedef struct svg_cublaslt {
  int (*cublasLtCreate)(void* _Nullable* _Nonnull handle);
  int (*cublasLtDestroy)(void* handle);
  size_t (*cublasLtGetVersion)(void);
  const char* _Nullable (*_Nonnull cublasLtGetStatusString)(int status);
  int (*cublasLtMatmulDescCreate)(void* _Nullable* _Nonnull description, int compute_type, int scale_type);
  int (*cublasLtMatmulDescDestroy)(void* description);
  int (*cublasLtMatmulDescSetAttribute)(void* description, int attribute, const void* value, size_t bytes);
  int (*cublasLtMatrixLayoutCreate)(void* _Nullable* _Nonnull layout, int type, uint64_t rows, uint64_t columns,
                                    int64_t leading_dimension);
  int (*cublasLtMatrixLayoutDestroy)(void* layout);
  int (*cublasLtMatmulPreferenceCreate)(void* _Nullable* _Nonnull preference);
  int (*cublasLtMatmulPreferenceDestroy)(void* preference);
  int (*cublasLtMatmulPreferenceSetAttribute)(void* preference, int attribute, const void* value, size_t bytes);
  int (*cublasLtMatmulAlgoGetHeuristic)(void* handle, void* description, void* a, void* b, void* c, void* d,
                                        void* preference, int wanted, svg_cublaslt_choice* choices, int* found);
  int (*cublasLtMatmul)(void* handle, void* description, const void* alpha, const void* a, void* a_layout,
                        const void* b, void* b_layout, const void* beta, const void* c, void* c_layout, void* d,
                        void* d_layout, const svg_cublaslt_algorithm* algorithm, void* workspace,
                        size_t workspace_bytes, void* stream);
} svg_cublaslt;

/// Fills the table.
/// - Parameter missing: Receives the name of the first function that the library does not have.
bool svg_cublaslt_load(svg_cublaslt* library_table, void* library, const char* _Nullable* _Nonnull missing);

/// Numbers of the documented enumerations.
enum {
  /// `CUDA_R_32F`, `CUDA_R_16BF`.
  SVG_CUBLASLT_FLOAT32 = 0,
  SVG_CUBLASLT_BFLOAT16 = 14,
  /// `CUBLAS_COMPUTE_32F`.
  SVG_CUBLASLT_COMPUTE_FLOAT32 = 68,
  /// Attributes of a description: `TRANSA`, `EPILOGUE`, `BIAS_POINTER`.
  SVG_CUBLASLT_TRANSPOSE_A = 3,
  SVG_CUBLASLT_EPILOGUE = 7,
  SVG_CUBLASLT_BIAS_POINTER = 8,
  /// `CUBLAS_OP_T`.
  SVG_CUBLASLT_TRANSPOSED = 1,
  /// Epilogues; they add up.
  SVG_CUBLASLT_EPILOGUE_DEFAULT = 1,
  SVG_CUBLASLT_EPILOGUE_RELU = 2,
  SVG_CUBLASLT_EPILOGUE_BIAS = 4,
  SVG_CUBLASLT_EPILOGUE_GELU_TANH = 32,
  /// Attributes of a preference: `MAX_WORKSPACE_BYTES`, `MIN_ALIGNMENT_{A,B,C,D}_BYTES`.
  SVG_CUBLASLT_WORKSPACE_BYTES = 1,
  SVG_CUBLASLT_ALIGNMENT_A = 5,
  SVG_CUBLASLT_ALIGNMENT_B = 6,
  SVG_CUBLASLT_ALIGNMENT_C = 7,
  SVG_CUBLASLT_ALIGNMENT_D = 8,
};

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
