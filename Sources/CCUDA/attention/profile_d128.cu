// Profiling of sampled rows, heads of 128 elements.
#define HEAD_DIMENSION 128
#define KERNEL profile_d128
#define COMBINE_KERNEL combine_profiles_d128
#include "profile.cuh"
