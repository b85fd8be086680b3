#pragma once

/// The functions of `Activation`, in its order.
enum Activation { kIdentity, kRelu, kSilu, kGeluTanh, kGelu, kQuickGelu };

/// `activation(x)` in binary32.
__device__ __forceinline__ float activate(float x, int activation) {
  switch (activation) {
  case kRelu:
    // Not fmaxf, which would hide NaN.
    return x < 0 ? 0.0f : x;
  case kSilu:
    return x / (1 + expf(-x));
  case kGeluTanh:
    return 0.5f * x * (1 + tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x)));
  case kGelu:
    return 0.5f * x * erfcf(-0.7071067811865476f * x);
  case kQuickGelu:
    return x / (1 + expf(-1.702f * x));
  default:
    return x;
  }
}
