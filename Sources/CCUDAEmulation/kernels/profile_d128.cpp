#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_profile_d128 {
#include "attention/profile_d128.cu"
}
using namespace emulated_profile_d128;

#include "module.h"

MODULE(profile128, "attention/profile_d128.cu", KERNEL_ENTRY(profile_d128), KERNEL_ENTRY(combine_profiles_d128))
