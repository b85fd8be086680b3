#include "../device/language.h"

#include "convolution/surround.cu"

#include "module.h"

MODULE(surround, "convolution/surround.cu", KERNEL_ENTRY(surround_frames), KERNEL_ENTRY(repeat_bias))
