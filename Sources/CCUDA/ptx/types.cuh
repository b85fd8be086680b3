#pragma once

// NVRTC includes nothing by itself, so the few types that the kernels need are named here.

using u8 = unsigned char;
using u16 = unsigned short;
using u32 = unsigned int;
using u64 = unsigned long long;
using i32 = int;
using i64 = long long;

struct alignas(16) Quad {
  u32 x, y, z, w;
};
