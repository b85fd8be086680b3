#pragma once

#include "../include/svg_attention.h"

/// One function per operation and instruction set: `operation_type_isa`, the type being that of the packed operands.
/// Each is defined in the file of that name in the operation's folder, for the architectures that have it, and called
/// by the operation's `dispatch.cpp` only.

namespace svg {

void prepare_f64_scalar(const svg_prepare& prepare, int64_t task);
void attend_f64_scalar(const svg_attend& attend, int64_t task);
void profile_f64_scalar(const svg_profile& profile, int64_t task);

#if defined(__x86_64__)
void prepare_f32_avx2(const svg_prepare& prepare, int64_t task);
void prepare_f32_avx512(const svg_prepare& prepare, int64_t task);
void prepare_bf16_avx512(const svg_prepare& prepare, int64_t task);
void attend_f32_avx2(const svg_attend& attend, int64_t task);
void attend_f32_avx512(const svg_attend& attend, int64_t task);
void attend_bf16_avx512(const svg_attend& attend, int64_t task);
void attend_bf16_amx(const svg_attend& attend, int64_t task);
void profile_f32_avx2(const svg_profile& profile, int64_t task);
void profile_f32_avx512(const svg_profile& profile, int64_t task);
void profile_bf16_avx512(const svg_profile& profile, int64_t task);
void profile_bf16_amx(const svg_profile& profile, int64_t task);
/// Columns of the panels that `profile_…` leaves outputs in.
int64_t profile_columns_avx2(int64_t dimension);
int64_t profile_columns_avx512(int64_t dimension);
double probe_f32_avx2(int64_t rounds);
double probe_f32_avx512(int64_t rounds);
double probe_bf16_avx512(int64_t rounds);
double probe_bf16_amx(int64_t rounds);
#elif defined(__aarch64__)
void prepare_f32_neon(const svg_prepare& prepare, int64_t task);
void attend_f32_neon(const svg_attend& attend, int64_t task);
void profile_f32_neon(const svg_profile& profile, int64_t task);
int64_t profile_columns_neon(int64_t dimension);
double probe_f32_neon(int64_t rounds);
#endif

} // namespace svg
