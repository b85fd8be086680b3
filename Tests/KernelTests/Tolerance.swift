import CKernels

/// The largest relative L2 error that an instruction set may show against double precision, for scores of a few units
/// (unit-normal inputs).
///
/// float32: a score of a few units in log2 carries a few 2⁻²⁴ per operand and sum, which is also the relative error of
/// its weight; the exponential adds 2⁻²³. Seen on AVX2: 9.1e-7 over the grid of `Tools/kernelcheck`.
/// bfloat16 output: rounding to it is uniform in ±2⁻⁹, which is 2⁻⁹/√3 = 1.1e-3 for a mantissa of 1 and half for 2.
/// bfloat16 operands: Q and K (through the scores), V and the weights are rounded, each with that error; large scores
/// amplify those of Q and K. Seen: 3.6e-3, and 4.0e-3 with bfloat16 output.
func tolerance(_ isa: svg_isa, output: svg_element = SVG_FLOAT32) -> Double {
  if [SVG_ISA_AVX512_BF16, SVG_ISA_AMX_BF16].contains(isa) { return 6e-3 }
  return output == SVG_FLOAT32 ? 3e-6 : 2.5e-3
}
