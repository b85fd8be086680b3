// Block-sparse attention for Hopper, heads of 64 elements.
#define HEAD_DIMENSION 64
#define KERNEL attend_sm90_d64
#define PRODUCTS BFloat16Products
#include "products_bfloat16.cuh"

#include "attend_sm90.cuh"
