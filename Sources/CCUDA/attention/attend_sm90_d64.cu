// Block-sparse attention for Hopper, heads of 64 elements.
#include "attend_sm90.cuh"
#include "products_bfloat16.cuh"

using Attention = HopperAttention<64, BFloat16Products, 4>;
HOPPER_KERNEL(attend_sm90_d64, Attention, UnshiftedSoftmax)
HOPPER_KERNEL(attend_again_sm90_d64, Attention, OnlineSoftmax<0>)
