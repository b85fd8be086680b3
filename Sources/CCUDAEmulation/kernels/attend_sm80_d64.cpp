#include "../device/language.h"

#include "attention/attend_sm80_d64.cu"

#include "module.h"

MODULE(attend64, "attention/attend_sm80_d64.cu", KERNEL_ENTRY(attend_sm80_d64))
