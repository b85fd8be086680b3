#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_attend_sm80_d64 {
#include "attention/attend_sm80_d64.cu"
}
using namespace emulated_attend_sm80_d64;

#include "module.h"

MODULE(attend64, "attention/attend_sm80_d64.cu", KERNEL_ENTRY(attend_sm80_d64))
