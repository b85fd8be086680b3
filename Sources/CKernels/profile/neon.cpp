#if defined(__aarch64__)

#include "../simd/neon.h"
#include "../common/kernels.h"
#include "profile.h"

void svg::profile_f32_neon(const svg_profile& profile, int64_t task) {
  profileTask<Neon>(profile, task);
}

int64_t svg::profile_columns_neon(int64_t dimension) {
  return profileColumns<Neon>(dimension);
}

#endif
