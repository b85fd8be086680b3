#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_prepare_d128 {
#include "attention/prepare_d128.cu"
}
using namespace emulated_prepare_d128;

#include "module.h"

MODULE(prepare128, "attention/prepare_d128.cu", KERNEL_ENTRY(prepare_d128))
