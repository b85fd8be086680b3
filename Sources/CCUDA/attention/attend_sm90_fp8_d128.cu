// Block-sparse attention for Hopper in e4m3, heads of 128 elements. Half the bytes of bfloat16 leave room for twice the
// stages.
#include "attend_sm90.cuh"
#include "products_float8.cuh"

using Attention = HopperAttention<128, Float8Products, 4>;
HOPPER_KERNEL(attend_sm90_fp8_d128, Attention, HeldSoftmax)
// The largest exponential is 256, below the 448 of e4m3, so that small ones down to 2^-14 keep all their bits.
HOPPER_KERNEL(attend_again_sm90_fp8_d128, Attention, OnlineSoftmax<8>)
