#include "../device/language.h"

#include "elementwise/frames.cu"

#include "module.h"

MODULE(frames, "elementwise/frames.cu", KERNEL_ENTRY(channel_sums), KERNEL_ENTRY(channel_maps),
       KERNEL_ENTRY(apply_channels), KERNEL_ENTRY(upsample_2), KERNEL_ENTRY(upsample_4), KERNEL_ENTRY(upsample_16))
