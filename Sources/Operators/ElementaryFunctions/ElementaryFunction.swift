import LinearAlgebra

/// A function of the calculator, applied elementwise: a building block of other people's graphs rather than an
/// activation, since it may have poles, jumps, a domain of its own or no bound on its slope.
///
/// Outside its domain the value is NaN; where there is no derivative it is what PyTorch's autograd returns.
public protocol ElementaryFunction: PlainActivation {}

extension ElementaryFunction {
  public static var isActivation: Bool { false }
}
