// The functions of NVRTC, NVIDIA's run-time compiler, that are called.
//
// Source: "NVRTC", <https://docs.nvidia.com/cuda/nvrtc/>. A program is a pointer, a result an int.

#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// The functions of `libnvrtc` that are called.
typedef struct svg_nvrtc {
  int (*nvrtcVersion)(int* major, int* minor);
  const char* _Nonnull (*_Nonnull nvrtcGetErrorString)(int result);
  int (*nvrtcCreateProgram)(void* _Nullable* _Nonnull program, const char* source, const char* name, int header_count,
                            const char* _Nullable const* _Nullable headers,
                            const char* _Nullable const* _Nullable header_names);
  int (*nvrtcDestroyProgram)(void* _Nullable* _Nonnull program);
  int (*nvrtcCompileProgram)(void* program, int option_count, const char* _Nullable const* _Nullable options);
  int (*nvrtcGetProgramLogSize)(void* program, size_t* bytes);
  int (*nvrtcGetProgramLog)(void* program, char* log);
  int (*nvrtcGetCUBINSize)(void* program, size_t* bytes);
  int (*nvrtcGetCUBIN)(void* program, char* image);
} svg_nvrtc;

/// Fills the table.
/// - Parameter missing: Receives the name of the first function that the library does not have.
bool svg_nvrtc_load(svg_nvrtc* nvrtc, void* library, const char* _Nullable* _Nonnull missing);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
