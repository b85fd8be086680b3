#include "../device/language.h"

#include "elementwise/text.cu"

#include "module.h"

MODULE(text, "elementwise/text.cu", KERNEL_ENTRY(attend_text), KERNEL_ENTRY(rotate_text))
