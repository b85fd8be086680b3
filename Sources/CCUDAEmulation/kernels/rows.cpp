#include "../device/language.h"

#include "elementwise/rows.cu"

#include "module.h"

MODULE(rows, "elementwise/rows.cu", KERNEL_ENTRY(normalize_rows_1), KERNEL_ENTRY(normalize_rows_8),
       KERNEL_ENTRY(add_gated_1), KERNEL_ENTRY(add_gated_8))
