// The functions of cuDNN that are called, and the numbers of its enumerations.
//
// Source: "NVIDIA cuDNN Backend API", <https://docs.nvidia.com/deeplearning/cudnn/backend/latest/>. A handle and a
// descriptor are pointers, a status, an attribute, a type and a kind of descriptor ints. The numbers are those of
// cuDNN 9.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// The functions of `libcudnn` that are called.
typedef struct svg_cudnn {
  size_t (*cudnnGetVersion)(void);
  size_t (*cudnnGetCudartVersion)(void);
  const char* _Nullable (*_Nonnull cudnnGetErrorString)(int status);
  void (*cudnnGetLastErrorString)(char* message, size_t capacity);
  int (*cudnnCreate)(void* _Nullable* _Nonnull handle);
  int (*cudnnDestroy)(void* handle);
  int (*cudnnSetStream)(void* handle, void* stream);
  int (*cudnnBackendCreateDescriptor)(int kind, void* _Nullable* _Nonnull descriptor);
  int (*cudnnBackendDestroyDescriptor)(void* descriptor);
  int (*cudnnBackendSetAttribute)(void* descriptor, int attribute, int type, int64_t count, const void* values);
  int (*cudnnBackendGetAttribute)(void* descriptor, int attribute, int type, int64_t wanted, int64_t* count,
                                  void* _Nullable values);
  int (*cudnnBackendFinalize)(void* descriptor);
  int (*cudnnBackendExecute)(void* handle, void* plan, void* variant_pack);
} svg_cudnn;

/// Fills the table.
/// - Parameter missing: Receives the name of the first function that the library does not have.
bool svg_cudnn_load(svg_cudnn* library_table, void* library, const char* _Nullable* _Nonnull missing);

/// Numbers of the documented enumerations.
enum {
  /// Types of elements: `CUDNN_DATA_FLOAT`, `CUDNN_DATA_BFLOAT16`.
  SVG_CUDNN_FLOAT32 = 0,
  SVG_CUDNN_BFLOAT16 = 9,
  /// `CUDNN_CROSS_CORRELATION`: kernels are not turned around.
  SVG_CUDNN_CROSS_CORRELATION = 1,
  /// `CUDNN_POINTWISE_ADD`.
  SVG_CUDNN_ADD = 0,
  /// `CUDNN_HEUR_MODE_A`.
  SVG_CUDNN_HEURISTIC_A = 3,
  /// `CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION`.
  SVG_CUDNN_COMPILED_AT_RUN_TIME = 0,
  /// Kinds of descriptors: `CUDNN_BACKEND_…_DESCRIPTOR`.
  SVG_CUDNN_POINTWISE = 0,
  SVG_CUDNN_CONVOLUTION = 1,
  SVG_CUDNN_ENGINE = 2,
  SVG_CUDNN_ENGINE_CONFIGURATION = 3,
  SVG_CUDNN_ENGINE_HEURISTIC = 4,
  SVG_CUDNN_EXECUTION_PLAN = 5,
  SVG_CUDNN_CONVOLUTION_FORWARD = 10,
  SVG_CUDNN_POINTWISE_OPERATION = 13,
  SVG_CUDNN_OPERATION_GRAPH = 15,
  SVG_CUDNN_VARIANT_PACK = 16,
  SVG_CUDNN_TENSOR = 17,
  /// Types of attributes: `CUDNN_TYPE_…`.
  SVG_CUDNN_TYPE_HANDLE = 0,
  SVG_CUDNN_TYPE_DATA_TYPE = 1,
  SVG_CUDNN_TYPE_BOOLEAN = 2,
  SVG_CUDNN_TYPE_INT64 = 3,
  SVG_CUDNN_TYPE_FLOAT = 4,
  SVG_CUDNN_TYPE_POINTER = 6,
  SVG_CUDNN_TYPE_CONVOLUTION_MODE = 7,
  SVG_CUDNN_TYPE_HEURISTIC_MODE = 8,
  SVG_CUDNN_TYPE_POINTWISE_MODE = 14,
  SVG_CUDNN_TYPE_DESCRIPTOR = 15,
  SVG_CUDNN_TYPE_BEHAVIOR_NOTE = 19,
  /// Attributes: `CUDNN_ATTR_POINTWISE_…`.
  SVG_CUDNN_POINTWISE_MODE = 0,
  SVG_CUDNN_POINTWISE_PRECISION = 1,
  /// `CUDNN_ATTR_CONVOLUTION_…`.
  SVG_CUDNN_CONVOLUTION_PRECISION = 100,
  SVG_CUDNN_CONVOLUTION_MODE = 101,
  SVG_CUDNN_CONVOLUTION_DILATIONS = 102,
  SVG_CUDNN_CONVOLUTION_STRIDES = 103,
  SVG_CUDNN_CONVOLUTION_PADDING_AFTER = 104,
  SVG_CUDNN_CONVOLUTION_PADDING_BEFORE = 105,
  SVG_CUDNN_CONVOLUTION_DIMENSIONS = 106,
  /// `CUDNN_ATTR_ENGINEHEUR_…`.
  SVG_CUDNN_HEURISTIC_MODE = 200,
  SVG_CUDNN_HEURISTIC_GRAPH = 201,
  SVG_CUDNN_HEURISTIC_RESULTS = 202,
  /// `CUDNN_ATTR_ENGINECFG_ENGINE`, `CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE`.
  SVG_CUDNN_CONFIGURATION_ENGINE = 300,
  SVG_CUDNN_ENGINE_BEHAVIOR = 1305,
  /// `CUDNN_ATTR_EXECUTION_PLAN_…`.
  SVG_CUDNN_PLAN_HANDLE = 400,
  SVG_CUDNN_PLAN_CONFIGURATION = 401,
  SVG_CUDNN_PLAN_WORKSPACE_BYTES = 402,
  /// `CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_…`.
  SVG_CUDNN_FORWARD_ALPHA = 700,
  SVG_CUDNN_FORWARD_BETA = 701,
  SVG_CUDNN_FORWARD_CONVOLUTION = 702,
  SVG_CUDNN_FORWARD_WEIGHTS = 703,
  SVG_CUDNN_FORWARD_INPUT = 704,
  SVG_CUDNN_FORWARD_OUTPUT = 705,
  /// `CUDNN_ATTR_OPERATION_POINTWISE_…`.
  SVG_CUDNN_OPERATION_POINTWISE = 750,
  SVG_CUDNN_OPERATION_INPUT = 751,
  SVG_CUDNN_OPERATION_OTHER_INPUT = 752,
  SVG_CUDNN_OPERATION_OUTPUT = 753,
  /// `CUDNN_ATTR_OPERATIONGRAPH_…`.
  SVG_CUDNN_GRAPH_HANDLE = 800,
  SVG_CUDNN_GRAPH_OPERATIONS = 801,
  /// `CUDNN_ATTR_TENSOR_…`.
  SVG_CUDNN_TENSOR_ALIGNMENT = 900,
  SVG_CUDNN_TENSOR_TYPE = 901,
  SVG_CUDNN_TENSOR_EXTENTS = 902,
  SVG_CUDNN_TENSOR_STRIDES = 903,
  SVG_CUDNN_TENSOR_IDENTIFIER = 906,
  SVG_CUDNN_TENSOR_IS_VIRTUAL = 907,
  /// `CUDNN_ATTR_VARIANT_PACK_…`.
  SVG_CUDNN_PACK_IDENTIFIERS = 1000,
  SVG_CUDNN_PACK_POINTERS = 1001,
  SVG_CUDNN_PACK_WORKSPACE = 1003,
};

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
