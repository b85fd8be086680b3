#include "CCUDAEmulation.h"
#include "svg_cublaslt.h"

#include "device/language.h"

#include "ptx/convert.cuh"

#include "common/activation.cuh"

#include <vector>

namespace {

struct Description {
  uint32_t transposes = 0;
  uint32_t epilogue = SVG_CUBLASLT_EPILOGUE_DEFAULT;
  const u16* bias = nullptr;
};

struct Layout {
  uint64_t rows, columns;
  int64_t distance;
};

int setAttribute(void* pointer, int attribute, const void* value, size_t bytes) {
  auto& description = *static_cast<Description*>(pointer);
  switch (attribute) {
  case SVG_CUBLASLT_TRANSPOSE_A:
    std::memcpy(&description.transposes, value, bytes);
    return 0;
  case SVG_CUBLASLT_EPILOGUE:
    std::memcpy(&description.epilogue, value, bytes);
    return 0;
  case SVG_CUBLASLT_BIAS_POINTER:
    std::memcpy(&description.bias, value, bytes);
    return 0;
  default:
    return 7;
  }
}

std::vector<float> floats(const void* matrix, const Layout& layout) {
  const auto* source = static_cast<const u16*>(matrix);
  std::vector<float> values(layout.rows * layout.columns);
  for (uint64_t column = 0; column < layout.columns; column++) {
    for (uint64_t row = 0; row < layout.rows; row++)
      values[column * layout.rows + row] = fromBFloat16(source[column * static_cast<uint64_t>(layout.distance) + row]);
  }
  return values;
}

/// `D = epilogue(αAᵀB + βC)`; matrices are columns one after the other, A is transposed.
int multiplyMatrices(void*, void* pointer, const void* alpha, const void* a, void* aLayout, const void* b,
                     void* bLayout, const void* beta, const void* c, void* cLayout, void* d, void* dLayout,
                     const svg_cublaslt_algorithm*, void*, size_t, void*) {
  const auto& description = *static_cast<Description*>(pointer);
  const auto &left = *static_cast<Layout*>(aLayout), &right = *static_cast<Layout*>(bLayout);
  const auto &added = *static_cast<Layout*>(cLayout), &result = *static_cast<Layout*>(dLayout);
  const bool fits = description.transposes == SVG_CUBLASLT_TRANSPOSED && left.rows == right.rows &&
                    result.rows == left.columns && result.columns == right.columns && added.rows == result.rows;
  if (!fits)
    return 7;
  const std::vector<float> weights = floats(a, left), input = floats(b, right);
  const float scale = *static_cast<const float*>(alpha), kept = *static_cast<const float*>(beta);
  for (uint64_t column = 0; column < result.columns; column++) {
    for (uint64_t row = 0; row < result.rows; row++) {
      const float *one = &weights[row * left.rows], *other = &input[column * right.rows];
      // Sixteen sums, so that the compiler may use vectors.
      float sums[16] = {};
      uint64_t k = 0;
      for (; k + 16 <= left.rows; k += 16) {
        for (int part = 0; part < 16; part++)
          sums[part] += one[k + part] * other[k + part];
      }
      float sum = 0;
      for (; k < left.rows; k++)
        sum += one[k] * other[k];
      for (float part : sums)
        sum += part;
      sum *= scale;
      if (kept != 0)
        sum += kept * fromBFloat16(static_cast<const u16*>(c)[column * static_cast<uint64_t>(added.distance) + row]);
      if (description.epilogue & SVG_CUBLASLT_EPILOGUE_BIAS)
        sum += fromBFloat16(description.bias[row]);
      if (description.epilogue & SVG_CUBLASLT_EPILOGUE_RELU)
        sum = activate(sum, kRelu);
      if (description.epilogue & SVG_CUBLASLT_EPILOGUE_GELU_TANH)
        sum = activate(sum, kGeluTanh);
      static_cast<u16*>(d)[column * static_cast<uint64_t>(result.distance) + row] = toBFloat16(sum);
    }
  }
  return 0;
}

} // namespace

void svg_emulated_products(void* table) {
  auto& products = *static_cast<svg_cublaslt*>(table);
  products.cublasLtCreate = [](void** handle) {
    static int something;
    *handle = &something;
    return 0;
  };
  products.cublasLtDestroy = [](void*) { return 0; };
  products.cublasLtGetVersion = []() -> size_t { return 0; };
  products.cublasLtGetStatusString = [](int) -> const char* { return "an emulated error"; };
  products.cublasLtMatmulDescCreate = [](void** description, int, int) {
    *description = new Description();
    return 0;
  };
  products.cublasLtMatmulDescDestroy = [](void* description) {
    delete static_cast<Description*>(description);
    return 0;
  };
  products.cublasLtMatmulDescSetAttribute = setAttribute;
  products.cublasLtMatrixLayoutCreate = [](void** layout, int, uint64_t rows, uint64_t columns, int64_t distance) {
    *layout = new Layout{rows, columns, distance};
    return 0;
  };
  products.cublasLtMatrixLayoutDestroy = [](void* layout) {
    delete static_cast<Layout*>(layout);
    return 0;
  };
  products.cublasLtMatmulPreferenceCreate = [](void** preference) {
    static int something;
    *preference = &something;
    return 0;
  };
  products.cublasLtMatmulPreferenceDestroy = [](void*) { return 0; };
  products.cublasLtMatmulPreferenceSetAttribute = [](void*, int, const void*, size_t) { return 0; };
  products.cublasLtMatmulAlgoGetHeuristic = [](void*, void*, void*, void*, void*, void*, void*, int,
                                               svg_cublaslt_choice*, int* found) {
    *found = 1;
    return 0;
  };
  products.cublasLtMatmul = multiplyMatrices;
}
