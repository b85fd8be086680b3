#pragma once

// The types of the kernels; those of `ptx/types.cuh`, whose place this takes.

using u8 = unsigned char;
using u16 = unsigned short;
using u32 = unsigned int;
using u64 = unsigned long long;
using i32 = int;
using i64 = long long;

struct alignas(16) Quad {
  u32 x, y, z, w;
};
