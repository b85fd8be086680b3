#include "svg_cuda_sources.h"

// `#embed` is C23; clang has it in every mode, with a warning.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char bfloat16[] = {
#embed "common/bfloat16.cuh"
    , 0};
static const char activation[] = {
#embed "common/activation.cuh"
    , 0};
static const char reduce[] = {
#embed "common/reduce.cuh"
    , 0};
static const char tile[] = {
#embed "common/tile.cuh"
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
static const char simple[] = {
#embed "attention/simple.cu"
    , 0};

// One line for each file.
static const svg_cuda_source sources[] = {
    {"common/bfloat16.cuh", bfloat16}, {"common/activation.cuh", activation}, {"common/reduce.cuh", reduce},
    {"common/tile.cuh", tile},         {"elementwise/values.cu", values},     {"elementwise/rows.cu", rows},
    {"elementwise/frames.cu", frames}, {"elementwise/text.cu", text},         {"convolution/convolve.cu", convolve},
    {"attention/simple.cu", simple},
};

const svg_cuda_source* svg_cuda_sources(size_t* count) {
  *count = sizeof(sources) / sizeof(sources[0]);
  return sources;
}
