#include "../device/language.h"

#include "attention/profile_d64.cu"

#include "module.h"

MODULE(profile64, "attention/profile_d64.cu", KERNEL_ENTRY(profile_d64), KERNEL_ENTRY(combine_profiles_d64))
