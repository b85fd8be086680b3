#include "module.h"

namespace emulated {

extern const Module values, rows, frames, text, convolve, surround, simple, wide;
extern const Module prepare64, prepare128, profile64, profile128, attend64, attend128;
extern const Module quantize128, attendHopper64, attendHopper128, attendHopperFloat8;

const Module* const modules[] = {
    &values,   &rows,      &frames,      &text,           &convolve,        &surround,
    &simple,   &wide,      &prepare64,   &prepare128,     &profile64,       &profile128,
    &attend64, &attend128, &quantize128, &attendHopper64, &attendHopper128, &attendHopperFloat8};
const size_t moduleCount = sizeof(modules) / sizeof(modules[0]);

} // namespace emulated
