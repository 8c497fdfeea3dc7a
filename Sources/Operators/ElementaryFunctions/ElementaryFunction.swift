import LinearAlgebra

/// An elementary function, applied elementwise: a building block of imported graphs rather than an activation, since it
/// may have poles, jumps, a restricted domain or unbounded slopes.
///
/// Outside its domain the value is NaN; where there is no derivative, PyTorch's autograd defines it.
public protocol ElementaryFunction: PlainActivation {}

extension ElementaryFunction {
  public static var isActivation: Bool { false }
}
