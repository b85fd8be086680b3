#include "../device/language.h"

#include "attention/attend_sm80_d128.cu"

#include "module.h"

MODULE(attend128, "attention/attend_sm80_d128.cu", KERNEL_ENTRY(attend_sm80_d128))
