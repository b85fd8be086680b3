// The CUDA kernels of this package as text, and the functions of NVIDIA's libraries that it calls.
//
// Nothing of CUDA is needed to build this: types and numbers are those that the public documentation of the driver API,
// NVRTC, cuBLASLt and cuDNN states, and the libraries are opened when a program first asks for a GPU.

#pragma once

#include "svg_cublaslt.h"
#include "svg_cuda_driver.h"
#include "svg_cuda_library.h"
#include "svg_cuda_sources.h"
#include "svg_cudnn.h"
#include "svg_nvrtc.h"
