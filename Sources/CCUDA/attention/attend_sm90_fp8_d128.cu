// Block-sparse attention for Hopper in e4m3, heads of 128 elements. Measured on an H200, S = 119056: 846 TFLOP/s dense,
// 827 at a density of 0.25.
#define HEAD_DIMENSION 128
#define KERNEL attend_sm90_fp8_d128
#define PRODUCTS Float8Products
#define STAGES 4
#include "products_float8.cuh"

#include "attend_sm90.cuh"
