#if defined(__x86_64__)

#include "../simd/simd.h"
#include "table.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq"))),                   \
                             apply_to = function)

#include "entries.h"

#pragma clang attribute pop

const svg::ElementwiseTable svg::kElementwiseAvx512 = kEntries;

#endif
