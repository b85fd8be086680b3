import Tensor

/// A float32 tensor of literals.
func floats(_ values: [Float], _ shape: Shape) -> Tensor { Tensor(values, shape: shape) }
