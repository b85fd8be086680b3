#include "../simd/simd.h"
#include "table.h"

#include "entries.h"

const svg::ElementwiseTable svg::kElementwiseBaseline = kEntries;
