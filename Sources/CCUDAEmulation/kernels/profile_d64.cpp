#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_profile_d64 {
#include "attention/profile_d64.cu"
}
using namespace emulated_profile_d64;

#include "module.h"

MODULE(profile64, "attention/profile_d64.cu", KERNEL_ENTRY(profile_d64), KERNEL_ENTRY(combine_profiles_d64))
