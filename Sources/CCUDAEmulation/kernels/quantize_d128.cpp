#include "../device/language.h"

// Functions of other files have the same names and other constants.
namespace emulated_quantize_d128 {
#include "attention/quantize_d128.cu"
}
using namespace emulated_quantize_d128;

#include "module.h"

MODULE(quantize128, "attention/quantize_d128.cu", KERNEL_ENTRY(measure_d128), KERNEL_ENTRY(combine_measures_d128),
       KERNEL_ENTRY(quantize_d128))
