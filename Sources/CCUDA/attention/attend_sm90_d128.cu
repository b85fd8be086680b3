// Block-sparse attention for Hopper, heads of 128 elements.
#include "attend_sm90.cuh"
#include "products_bfloat16.cuh"

using Attention = HopperAttention<128, BFloat16Products, 2>;
HOPPER_KERNEL(attend_sm90_d128, Attention, UnshiftedSoftmax)
HOPPER_KERNEL(attend_again_sm90_d128, Attention, OnlineSoftmax<0>)
