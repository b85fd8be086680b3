#include "svg_cuda_sources.h"

// `#embed` is C23; clang has it in every mode, with a warning.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char types_header[] = {
#embed "ptx/types.cuh"
    , 0};
static const char convert_header[] = {
#embed "ptx/convert.cuh"
    , 0};
static const char memory_header[] = {
#embed "ptx/memory.cuh"
    , 0};
static const char mma_header[] = {
#embed "ptx/mma.cuh"
    , 0};
static const char mbarrier_header[] = {
#embed "ptx/mbarrier.cuh"
    , 0};
static const char wgmma_header[] = {
#embed "ptx/wgmma.cuh"
    , 0};
static const char activation_header[] = {
#embed "common/activation.cuh"
    , 0};
static const char reduce_header[] = {
#embed "common/reduce.cuh"
    , 0};
static const char values[] = {
#embed "elementwise/values.cu"
    , 0};
static const char rows[] = {
#embed "elementwise/rows.cu"
    , 0};
static const char frames[] = {
#embed "elementwise/frames.cu"
    , 0};
static const char text[] = {
#embed "elementwise/text.cu"
    , 0};
static const char convolve[] = {
#embed "convolution/convolve.cu"
    , 0};
static const char surround[] = {
#embed "convolution/surround.cu"
    , 0};
static const char geometry_header[] = {
#embed "attention/geometry.cuh"
    , 0};
static const char parameters_header[] = {
#embed "attention/parameters.cuh"
    , 0};
static const char mask_header[] = {
#embed "attention/mask.cuh"
    , 0};
static const char quick_softmax_header[] = {
#embed "attention/quick_softmax.cuh"
    , 0};
static const char softmax_header[] = {
#embed "attention/softmax.cuh"
    , 0};
static const char epilogue_header[] = {
#embed "attention/epilogue.cuh"
    , 0};
static const char pipeline_header[] = {
#embed "attention/pipeline.cuh"
    , 0};
static const char float8_header[] = {
#embed "attention/float8.cuh"
    , 0};
static const char products_bfloat16_header[] = {
#embed "attention/products_bfloat16.cuh"
    , 0};
static const char products_float8_header[] = {
#embed "attention/products_float8.cuh"
    , 0};
static const char warp_products_header[] = {
#embed "attention/warp_products.cuh"
    , 0};
static const char prepare_header[] = {
#embed "attention/prepare.cuh"
    , 0};
static const char profile_header[] = {
#embed "attention/profile.cuh"
    , 0};
static const char attend_sm80_header[] = {
#embed "attention/attend_sm80.cuh"
    , 0};
static const char attend_sm90_header[] = {
#embed "attention/attend_sm90.cuh"
    , 0};
static const char simple[] = {
#embed "attention/simple.cu"
    , 0};
static const char wide[] = {
#embed "attention/wide.cu"
    , 0};
static const char prepare_d64[] = {
#embed "attention/prepare_d64.cu"
    , 0};
static const char prepare_d128[] = {
#embed "attention/prepare_d128.cu"
    , 0};
static const char profile_d64[] = {
#embed "attention/profile_d64.cu"
    , 0};
static const char profile_d128[] = {
#embed "attention/profile_d128.cu"
    , 0};
static const char quantize_d128[] = {
#embed "attention/quantize_d128.cu"
    , 0};
static const char attend_sm80_d64[] = {
#embed "attention/attend_sm80_d64.cu"
    , 0};
static const char attend_sm80_d128[] = {
#embed "attention/attend_sm80_d128.cu"
    , 0};
static const char attend_sm90_d64[] = {
#embed "attention/attend_sm90_d64.cu"
    , 0};
static const char attend_sm90_d128[] = {
#embed "attention/attend_sm90_d128.cu"
    , 0};
static const char attend_sm90_fp8_d128[] = {
#embed "attention/attend_sm90_fp8_d128.cu"
    , 0};

// One line for each file.
static const svg_cuda_source sources[] = {
    {"ptx/types.cuh", types_header},
    {"ptx/convert.cuh", convert_header},
    {"ptx/memory.cuh", memory_header},
    {"ptx/mma.cuh", mma_header},
    {"ptx/mbarrier.cuh", mbarrier_header},
    {"ptx/wgmma.cuh", wgmma_header},
    {"common/activation.cuh", activation_header},
    {"common/reduce.cuh", reduce_header},
    {"elementwise/values.cu", values},
    {"elementwise/rows.cu", rows},
    {"elementwise/frames.cu", frames},
    {"elementwise/text.cu", text},
    {"convolution/convolve.cu", convolve},
    {"convolution/surround.cu", surround},
    {"attention/geometry.cuh", geometry_header},
    {"attention/parameters.cuh", parameters_header},
    {"attention/mask.cuh", mask_header},
    {"attention/quick_softmax.cuh", quick_softmax_header},
    {"attention/softmax.cuh", softmax_header},
    {"attention/epilogue.cuh", epilogue_header},
    {"attention/pipeline.cuh", pipeline_header},
    {"attention/float8.cuh", float8_header},
    {"attention/products_bfloat16.cuh", products_bfloat16_header},
    {"attention/products_float8.cuh", products_float8_header},
    {"attention/warp_products.cuh", warp_products_header},
    {"attention/prepare.cuh", prepare_header},
    {"attention/profile.cuh", profile_header},
    {"attention/attend_sm80.cuh", attend_sm80_header},
    {"attention/attend_sm90.cuh", attend_sm90_header},
    {"attention/simple.cu", simple},
    {"attention/wide.cu", wide},
    {"attention/prepare_d64.cu", prepare_d64},
    {"attention/prepare_d128.cu", prepare_d128},
    {"attention/profile_d64.cu", profile_d64},
    {"attention/profile_d128.cu", profile_d128},
    {"attention/quantize_d128.cu", quantize_d128},
    {"attention/attend_sm80_d64.cu", attend_sm80_d64},
    {"attention/attend_sm80_d128.cu", attend_sm80_d128},
    {"attention/attend_sm90_d64.cu", attend_sm90_d64},
    {"attention/attend_sm90_d128.cu", attend_sm90_d128},
    {"attention/attend_sm90_fp8_d128.cu", attend_sm90_fp8_d128},
};

const svg_cuda_source* svg_cuda_sources(size_t* count) {
  *count = sizeof(sources) / sizeof(sources[0]);
  return sources;
}
