// Block-sparse attention for Hopper, heads of 64 elements.
#define HEAD_DIMENSION 64
#define KERNEL attend_sm90_d64
#include "attend_sm90.cuh"
