import Checkpoint
import Foundation
import Tensor
import Testing

/// Weights that are not there.
@Suite struct RandomWeightsTests {
  let scope = Checkpoint(randomWeightsOf: URL(filePath: "/nowhere")).scope

  @Test func `a matrix keeps the size of what it multiplies, and is the same each time`() throws {
    let weight = try scope["layer"].tensor("weight", shape: [300, 1000])
    let values = weight.floats()
    #expect(weight.elementType == .bfloat16 && values.allSatisfy(\.isFinite))
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let variance = values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(values.count)
    // 300 000 numbers: the mean errs by √(1/1000/300000) = 6e-5, the variance by less than 1 %; bfloat16 cuts off up to
    // 2⁻⁷ of a number toward zero.
    #expect(abs(mean) < 3e-4 && abs(variance * 1000 - 1) < 0.03)
    #expect(try scope["layer"].tensor("weight", shape: [300, 1000]).floats() == values)
    #expect(try scope["other"].tensor("weight", shape: [300, 1000]).floats() != values)
  }

  @Test func `vectors are ones and zeros`() throws {
    #expect(try scope.tensor("norm.weight", shape: [3]).floats() == [1, 1, 1])
    #expect(try scope.tensor("norm.bias", shape: [2]).floats() == [0, 0])
    #expect(try scope.contains("anything") && scope.optionalTensor("anything", shape: [2, 9]) != nil)
  }
}
