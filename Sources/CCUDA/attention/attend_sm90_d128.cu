// Block-sparse attention for Hopper, heads of 128 elements.
#define HEAD_DIMENSION 128
#define KERNEL attend_sm90_d128
#define PRODUCTS BFloat16Products
#include "products_bfloat16.cuh"

#include "attend_sm90.cuh"
