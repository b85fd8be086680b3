#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_attend_sm90_d128 {
#include "attention/attend_sm90_d128.cu"
}
using namespace emulated_attend_sm90_d128;

#include "module.h"

MODULE(attendHopper128, "attention/attend_sm90_d128.cu", KERNEL_ENTRY(attend_sm90_d128),
       KERNEL_ENTRY(attend_again_sm90_d128))
