// QK-norm, rotation and placement, heads of 64 elements.
#define HEAD_DIMENSION 64
#define KERNEL prepare_d64
#include "prepare.cuh"
