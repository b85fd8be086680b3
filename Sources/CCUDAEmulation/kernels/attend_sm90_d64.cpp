#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_attend_sm90_d64 {
#include "attention/attend_sm90_d64.cu"
}
using namespace emulated_attend_sm90_d64;

#include "module.h"

MODULE(attendHopper64, "attention/attend_sm90_d64.cu", KERNEL_ENTRY(attend_sm90_d64),
       KERNEL_ENTRY(attend_again_sm90_d64))
