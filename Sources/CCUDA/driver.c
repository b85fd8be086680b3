#include "svg_cuda_driver.h"

#include "svg_cuda_library.h"

// In the order of the table. The versions are the newest that drivers from CUDA 12 on have.
static const char* const names[] = {
    "cuInit",
    "cuDriverGetVersion",
    "cuGetErrorName",
    "cuGetErrorString",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceTotalMem_v2",
    "cuDeviceGetAttribute",
    "cuDevicePrimaryCtxRetain",
    "cuDevicePrimaryCtxRelease_v2",
    "cuCtxSetCurrent",
    "cuMemGetInfo_v2",
    "cuStreamCreate",
    "cuStreamDestroy_v2",
    "cuStreamSynchronize",
    "cuEventCreate",
    "cuEventDestroy_v2",
    "cuEventRecord",
    "cuEventSynchronize",
    "cuEventElapsedTime",
    "cuDeviceGetDefaultMemPool",
    "cuMemPoolSetAttribute",
    "cuMemPoolGetAttribute",
    "cuMemPoolTrimTo",
    "cuMemAllocAsync",
    "cuMemFreeAsync",
    "cuMemHostAlloc",
    "cuMemFreeHost",
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuMemcpyDtoDAsync_v2",
    "cuMemsetD8Async",
    "cuModuleLoadData",
    "cuModuleUnload",
    "cuModuleGetFunction",
    "cuFuncSetAttribute",
    "cuLaunchKernel",
};

enum { name_count = sizeof(names) / sizeof(names[0]) };
_Static_assert(sizeof(svg_cuda_driver) == name_count * sizeof(void*), "every function of the table has a name");

bool svg_cuda_driver_load(svg_cuda_driver* driver, void* library, const char** missing) {
  return svg_library_find(library, names, name_count, (void**)driver, missing);
}

int svg_cuda_launch(svg_cuda_launcher launcher, svg_cuda_handle function, unsigned grid_x, unsigned grid_y,
                    unsigned threads, unsigned shared_bytes, svg_cuda_handle stream, const void* parameters,
                    size_t parameter_bytes) {
  // The documented keys of the list: 1 the buffer, 2 its size, 0 the end.
  void* extra[] = {(void*)1, (void*)parameters, (void*)2, &parameter_bytes, (void*)0};
  return launcher(function, grid_x, grid_y, 1, threads, 1, 1, shared_bytes, stream, NULL, extra);
}
