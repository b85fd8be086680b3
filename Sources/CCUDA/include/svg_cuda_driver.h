// The functions of the CUDA driver API that are called, as a table that is filled at run time.
//
// Source: "CUDA Driver API", <https://docs.nvidia.com/cuda/cuda-driver-api/>. A handle is a pointer, a result and an
// attribute an int, an address on the device 64 bits. Functions with a later version are called by that version's name.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// A handle: a context, stream, event, module, function or memory pool.
typedef void* svg_cuda_handle;

/// `cuLaunchKernel`.
typedef int (*svg_cuda_launcher)(svg_cuda_handle function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                 unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                                 svg_cuda_handle stream, void* _Nullable* _Nullable parameters,
                                 void* _Nullable* _Nullable extra);

/// The functions of `libcuda` that are called.
typedef struct svg_cuda_driver {
  int (*cuInit)(unsigned flags);
  int (*cuDriverGetVersion)(int* version);
  int (*cuGetErrorName)(int error, const char* _Nullable* _Nonnull name);
  int (*cuGetErrorString)(int error, const char* _Nullable* _Nonnull text);
  int (*cuDeviceGetCount)(int* count);
  int (*cuDeviceGet)(int* device, int ordinal);
  int (*cuDeviceGetName)(char* name, int capacity, int device);
  int (*cuDeviceTotalMem)(size_t* bytes, int device);
  int (*cuDeviceGetAttribute)(int* value, int attribute, int device);
  int (*cuDevicePrimaryCtxRetain)(svg_cuda_handle _Nullable* _Nonnull context, int device);
  int (*cuDevicePrimaryCtxRelease)(int device);
  int (*cuCtxSetCurrent)(svg_cuda_handle _Nullable context);
  int (*cuMemGetInfo)(size_t* free, size_t* total);
  int (*cuStreamCreate)(svg_cuda_handle _Nullable* _Nonnull stream, unsigned flags);
  int (*cuStreamDestroy)(svg_cuda_handle stream);
  int (*cuStreamSynchronize)(svg_cuda_handle stream);
  int (*cuEventCreate)(svg_cuda_handle _Nullable* _Nonnull event, unsigned flags);
  int (*cuEventDestroy)(svg_cuda_handle event);
  int (*cuEventRecord)(svg_cuda_handle event, svg_cuda_handle stream);
  int (*cuEventSynchronize)(svg_cuda_handle event);
  int (*cuEventElapsedTime)(float* milliseconds, svg_cuda_handle start, svg_cuda_handle end);
  int (*cuDeviceGetDefaultMemPool)(svg_cuda_handle _Nullable* _Nonnull pool, int device);
  int (*cuMemPoolSetAttribute)(svg_cuda_handle pool, int attribute, void* value);
  int (*cuMemPoolGetAttribute)(svg_cuda_handle pool, int attribute, void* value);
  int (*cuMemPoolTrimTo)(svg_cuda_handle pool, size_t bytes);
  int (*cuMemAllocAsync)(uint64_t* address, size_t bytes, svg_cuda_handle stream);
  int (*cuMemFreeAsync)(uint64_t address, svg_cuda_handle stream);
  int (*cuMemHostAlloc)(void* _Nullable* _Nonnull address, size_t bytes, unsigned flags);
  int (*cuMemFreeHost)(void* address);
  int (*cuMemcpyHtoDAsync)(uint64_t target, const void* source, size_t bytes, svg_cuda_handle stream);
  int (*cuMemcpyDtoHAsync)(void* target, uint64_t source, size_t bytes, svg_cuda_handle stream);
  int (*cuMemcpyDtoDAsync)(uint64_t target, uint64_t source, size_t bytes, svg_cuda_handle stream);
  int (*cuMemsetD8Async)(uint64_t target, unsigned char value, size_t bytes, svg_cuda_handle stream);
  int (*cuModuleLoadData)(svg_cuda_handle _Nullable* _Nonnull module, const void* image);
  int (*cuModuleUnload)(svg_cuda_handle module);
  int (*cuModuleGetFunction)(svg_cuda_handle _Nullable* _Nonnull function, svg_cuda_handle module, const char* name);
  int (*cuFuncSetAttribute)(svg_cuda_handle function, int attribute, int value);
  svg_cuda_launcher cuLaunchKernel;
} svg_cuda_driver;

/// Fills the table.
/// - Parameter missing: Receives the name of the first function that the library does not have.
bool svg_cuda_driver_load(svg_cuda_driver* driver, void* library, const char* _Nullable* _Nonnull missing);

/// Launches a kernel whose parameters lie in memory as the kernel's declaration lays them out.
int svg_cuda_launch(svg_cuda_launcher launcher, svg_cuda_handle function, unsigned grid_x, unsigned grid_y,
                    unsigned threads, unsigned shared_bytes, svg_cuda_handle stream, const void* parameters,
                    size_t parameter_bytes);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
