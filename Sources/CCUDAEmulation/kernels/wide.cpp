#include "../device/language.h"

#include "attention/wide.cu"

#include "module.h"

MODULE(wide, "attention/wide.cu", KERNEL_ENTRY(attend_wide))
