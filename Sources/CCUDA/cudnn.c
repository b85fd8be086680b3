#include "svg_cudnn.h"

#include "svg_cuda_library.h"

// In the order of the table.
static const char* const names[] = {
    "cudnnGetVersion",
    "cudnnGetCudartVersion",
    "cudnnGetErrorString",
    "cudnnGetLastErrorString",
    "cudnnCreate",
    "cudnnDestroy",
    "cudnnSetStream",
    "cudnnBackendCreateDescriptor",
    "cudnnBackendDestroyDescriptor",
    "cudnnBackendSetAttribute",
    "cudnnBackendGetAttribute",
    "cudnnBackendFinalize",
    "cudnnBackendExecute",
};

enum { name_count = sizeof(names) / sizeof(names[0]) };
_Static_assert(sizeof(svg_cudnn) == name_count * sizeof(void*), "every function of the table has a name");

bool svg_cudnn_load(svg_cudnn* library_table, void* library, const char** missing) {
  return svg_library_find(library, names, name_count, (void**)library_table, missing);
}
