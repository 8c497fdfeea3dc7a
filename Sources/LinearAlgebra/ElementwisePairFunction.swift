/// A function of two numbers, applied to whole buffers, for each scalar type.
///
/// `Scalar.evaluate` and `Scalar.multiplyDerivatives` choose the overload for their type, once per buffer.
public protocol ElementwisePairFunction {
  /// Replaces every element p by f(p, q), q being the element of the same index.
  func evaluate(on p: UnsafeMutableBufferPointer<Double>, with q: UnsafeBufferPointer<Double>)
  /// Replaces every element p by f(p, q), q being the element of the same index.
  func evaluate(on p: UnsafeMutableBufferPointer<Float>, with q: UnsafeBufferPointer<Float>)
  /// Replaces every p by g·∂f/∂p and every q by g·∂f/∂q, g being the element of the same index.
  func multiplyDerivatives(
    at p: UnsafeMutableBufferPointer<Double>, _ q: UnsafeMutableBufferPointer<Double>,
    by g: UnsafeBufferPointer<Double>)
  /// Replaces every p by g·∂f/∂p and every q by g·∂f/∂q, g being the element of the same index.
  func multiplyDerivatives(
    at p: UnsafeMutableBufferPointer<Float>, _ q: UnsafeMutableBufferPointer<Float>,
    by g: UnsafeBufferPointer<Float>)
}
