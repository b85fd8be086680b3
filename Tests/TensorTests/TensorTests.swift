import Tensor
import Testing

@Suite struct TensorTests {
  @Test func `a slice shares the storage and skips whole rows`() {
    let tensor = Tensor((0..<12).map(Float.init), shape: [4, 3])
    let slice = tensor.slice(1..<3)
    #expect(slice.shape == [2, 3])
    #expect(slice.floats() == [3, 4, 5, 6, 7, 8])
    #expect(slice.storage === tensor.storage)
  }

  @Test func `reshaping keeps the elements in order`() {
    let tensor = Tensor((0..<6).map(Float.init), shape: [2, 3])
    #expect(tensor.reshaped([3, 2]).floats() == tensor.floats())
  }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func `numbers that fit survive a narrower type`(type: ElementType) {
    let values: [Float] = [0, -0.0, 1, -2.5, 0.15625, .infinity]
    let narrow = Tensor(values, shape: [6]).converted(to: type)
    #expect(narrow.elementType == type)
    #expect(narrow.floats() == values)
    #expect(narrow.byteCount == 12)
  }

  @Test func `rounding to bfloat16 goes to nearest, ties to even`() {
    #expect(bfloat16Bits(1.0) == 0x3F80)
    #expect(bfloat16Bits(Float(bitPattern: 0x3F80_8000)) == 0x3F80)
    #expect(bfloat16Bits(Float(bitPattern: 0x3F81_8000)) == 0x3F82)
    #expect(bfloat16Bits(Float(bitPattern: 0x3F80_8001)) == 0x3F81)
    #expect(float(bfloat16Bits: bfloat16Bits(.nan)).isNaN)
  }
}
