// Block-sparse attention with warp products, heads of 64 elements.
#define HEAD_DIMENSION 64
#define KERNEL attend_sm80_d64
#include "attend_sm80.cuh"
