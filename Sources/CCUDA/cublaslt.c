#include "svg_cublaslt.h"

#include "svg_cuda_library.h"

// In the order of the table.
static const char* const names[] = {
    "cublasLtCreate",
    "cublasLtDestroy",
    "cublasLtGetVersion",
    "cublasLtGetStatusString",
    "cublasLtMatmulDescCreate",
    "cublasLtMatmulDescDestroy",
    "cublasLtMatmulDescSetAttribute",
    "cublasLtMatrixLayoutCreate",
    "cublasLtMatrixLayoutDestroy",
    "cublasLtMatmulPreferenceCreate",
    "cublasLtMatmulPreferenceDestroy",
    "cublasLtMatmulPreferenceSetAttribute",
    "cublasLtMatmulAlgoGetHeuristic",
    "cublasLtMatmul",
};

enum { name_count = sizeof(names) / sizeof(names[0]) };
_Static_assert(sizeof(svg_cublaslt) == name_count * sizeof(void*), "every function of the table has a name");

bool svg_cublaslt_load(svg_cublaslt* library_table, void* library, const char** missing) {
  return svg_library_find(library, names, name_count, (void**)library_table, missing);
}
