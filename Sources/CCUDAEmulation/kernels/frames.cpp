#include "../device/language.h"

#include "elementwise/frames.cu"

#include "module.h"

MODULE(frames, "elementwise/frames.cu", KERNEL_ENTRY(channel_sums_1), KERNEL_ENTRY(channel_sums_8),
       KERNEL_ENTRY(channel_maps), KERNEL_ENTRY(apply_channels_1), KERNEL_ENTRY(apply_channels_8),
       KERNEL_ENTRY(upsample_2), KERNEL_ENTRY(upsample_4), KERNEL_ENTRY(upsample_16))
