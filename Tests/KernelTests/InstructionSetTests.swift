import CKernels
import Testing

@Suite struct InstructionSetTests {
  @Test func `the scalar kernels are always there and the best set is available`() {
    #expect(svg_isa_available(SVG_ISA_SCALAR))
    for element in [SVG_FLOAT32, SVG_BFLOAT16] { #expect(svg_isa_available(svg_isa_best(element))) }
    // It would round float32 activations.
    #expect(![SVG_ISA_AVX512_BF16, SVG_ISA_AMX_BF16].contains(svg_isa_best(SVG_FLOAT32)))
  }

  @Test func `head dimensions are even for the scalar kernels and multiples of 16 or 32 for the others`() {
    #expect(svg_isa_supports(SVG_ISA_SCALAR, 2) && svg_isa_supports(SVG_ISA_SCALAR, 254))
    for isa in vectorISAs {
      #expect(svg_isa_supports(isa, 16) == (isa != SVG_ISA_AMX_BF16) && svg_isa_supports(isa, 256))
      #expect(!svg_isa_supports(isa, 24) && !svg_isa_supports(isa, 272) && !svg_isa_supports(isa, 0))
    }
    #expect(!svg_isa_supports(SVG_ISA_SCALAR, 3) && !svg_isa_supports(SVG_ISA_SCALAR, 0))
  }

  @Test(arguments: [SVG_FLOAT32, SVG_BFLOAT16])
  func `every head dimension that any kernels take gets some`(element: svg_element) {
    for dimension in stride(from: Int64(2), through: 256, by: 2) {
      #expect(svg_isa_supports(svg_isa_best_for_heads(element, dimension), dimension))
    }
  }

  @Test func `video and text start on blocks of their own`() {
    var geometry = KernelCase(headDimension: 64, frames: 13, tokensPerFrame: 1350, textTokens: 226).geometry
    #expect(unsafe svg_video_blocks(&geometry) == 275)
    #expect(unsafe svg_text_blocks(&geometry) == 4)
    #expect(unsafe svg_block_count(&geometry) == 279)
    #expect(unsafe svg_packed_bytes(&geometry, SVG_ISA_AVX2) == 2 * 279 * 64 * 64 * 4)
    #expect(unsafe svg_packed_bytes(&geometry, SVG_ISA_AVX512_BF16) == 2 * 279 * 64 * 64 * 2)
  }

  @Test func `every set has a name of its own`() {
    let names = (0..<UInt32(SVG_ISA_COUNT)).map { svg_isa(rawValue: $0).testDescription }
    #expect(Set(names).count == Int(SVG_ISA_COUNT))
    #expect(!names.contains("unknown"))
    #expect(svg_isa(rawValue: 99).testDescription == "unknown")
  }
}
