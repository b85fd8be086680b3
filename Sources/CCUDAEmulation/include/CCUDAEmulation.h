// NVIDIA GPUs that are not there: the functions of NVIDIA's libraries that this package calls, on the processor.
//
// The kernels of this package are compiled as C++, with the instructions of GPUs (`ptx/`) written out, and every thread
// of a block runs as a fiber. So tests execute the very text that a GPU gets, with the parameters, lists and launches
// that the device gives it. Sums are in the order of the kernels. What it cannot show: speed, how many registers
// a thread needs, and races that the order of the fibers hides. Copies that do not wait happen as late as their kernel
// allows.

#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Fills an `svg_cuda_driver`: the driver of a machine with a GPU of compute capability 8.0 and one of 9.0.
void svg_emulated_driver(void* table);

/// Fills an `svg_nvrtc`: a compiler whose machine code is the name of the program.
void svg_emulated_compiler(void* table);

/// Fills an `svg_cublaslt`: matrix products of bfloat16 with float32 sums.
void svg_emulated_products(void* table);

/// Fills an `svg_cudnn`: convolutions of bfloat16 with float32 sums, of exactly the graphs that this package makes.
void svg_emulated_convolutions(void* table);

/// The same for a library that does not add a bias.
void svg_emulated_convolutions_without_bias(void* table);

/// The same for a library that takes no convolution.
void svg_emulated_convolutions_refused(void* table);

/// How often this thread has convolved through an emulated library.
long svg_emulated_convolutions_done(void);

/// How often this thread has waited for a device.
long svg_emulated_synchronizations(void);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
