#include "../device/language.h"

#include "attention/simple.cu"

#include "module.h"

MODULE(simple, "attention/simple.cu", KERNEL_ENTRY(simple_prepare), KERNEL_ENTRY(simple_attend),
       KERNEL_ENTRY(simple_profile), KERNEL_ENTRY(simple_choose))
