#include "../device/language.h"

#include "attention/prepare_d128.cu"

#include "module.h"

MODULE(prepare128, "attention/prepare_d128.cu", KERNEL_ENTRY(prepare_d128))
