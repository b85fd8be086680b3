#include "../device/language.h"

#include "attention/profile_d128.cu"

#include "module.h"

MODULE(profile128, "attention/profile_d128.cu", KERNEL_ENTRY(profile_d128), KERNEL_ENTRY(combine_profiles_d128))
