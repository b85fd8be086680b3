// Block-sparse attention for Hopper, heads of 128 elements.
#define HEAD_DIMENSION 128
#define KERNEL attend_sm90_d128
#include "attend_sm90.cuh"
