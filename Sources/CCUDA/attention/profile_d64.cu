// Profiling of sampled rows, heads of 64 elements.
#define HEAD_DIMENSION 64
#define KERNEL profile_d64
#define COMBINE_KERNEL combine_profiles_d64
#include "profile.cuh"
