#include "../device/language.h"

#include "convolution/convolve.cu"

#include "module.h"

MODULE(convolve, "convolution/convolve.cu", KERNEL_ENTRY(convolve_128_aligned), KERNEL_ENTRY(convolve_64_aligned),
       KERNEL_ENTRY(convolve_32_aligned), KERNEL_ENTRY(convolve_128), KERNEL_ENTRY(convolve_64),
       KERNEL_ENTRY(convolve_32), KERNEL_ENTRY(order_taps))
