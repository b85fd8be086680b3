#include "../device/language.h"

#include "attention/prepare_d64.cu"

#include "module.h"

MODULE(prepare64, "attention/prepare_d64.cu", KERNEL_ENTRY(prepare_d64))
