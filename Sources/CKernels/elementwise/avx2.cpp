#if defined(__x86_64__)

#include "../simd/simd.h"
#include "table.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "entries.h"

#pragma clang attribute pop

const svg::ElementwiseTable svg::kElementwiseAvx2 = kEntries;

#endif
