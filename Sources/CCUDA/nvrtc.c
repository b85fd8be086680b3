#include "svg_nvrtc.h"

#include "svg_cuda_library.h"

// In the order of the table.
static const char* const names[] = {
    "nvrtcVersion",           "nvrtcGetErrorString", "nvrtcCreateProgram", "nvrtcDestroyProgram", "nvrtcCompileProgram",
    "nvrtcGetProgramLogSize", "nvrtcGetProgramLog",  "nvrtcGetCUBINSize",  "nvrtcGetCUBIN",
};

enum { name_count = sizeof(names) / sizeof(names[0]) };
_Static_assert(sizeof(svg_nvrtc) == name_count * sizeof(void*), "every function of the table has a name");

bool svg_nvrtc_load(svg_nvrtc* nvrtc, void* library, const char** missing) {
  return svg_library_find(library, names, name_count, (void**)nvrtc, missing);
}
