#include "../device/language.h"

#include "elementwise/values.cu"

#include "module.h"

MODULE(values, "elementwise/values.cu", KERNEL_ENTRY(convert), KERNEL_ENTRY(activate_values), KERNEL_ENTRY(add_values),
       KERNEL_ENTRY(gate_rows))
