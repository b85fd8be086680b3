// QK-norm, rotation and placement, heads of 128 elements.
#define HEAD_DIMENSION 128
#define KERNEL prepare_d128
#include "prepare.cuh"
