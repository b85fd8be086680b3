#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_prepare_d64 {
#include "attention/prepare_d64.cu"
}
using namespace emulated_prepare_d64;

#include "module.h"

MODULE(prepare64, "attention/prepare_d64.cu", KERNEL_ENTRY(prepare_d64))
