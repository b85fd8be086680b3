// Block-sparse attention with warp products, heads of 128 elements.
#define HEAD_DIMENSION 128
#define KERNEL attend_sm80_d128
#include "attend_sm80.cuh"
