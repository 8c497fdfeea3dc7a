import CVectorFunctions

/// A function of one number with at most two constants, evaluated on whole vectors at once, and its
/// derivative.
///
/// The code is this library's own (target `CVectorFunctions`), in vectors as wide as the machine has. The
/// value of an element depends on its argument alone: not on its neighbours, its index in the buffer or the
/// number of threads. Machines with fused multiplication (AVX2, AVX-512) agree in every bit; others may
/// differ from them in the last ones.
///
/// Values and derivatives are within 2 units in the last place of max(1, |f|). Of those that approach 0
/// smoothly, most are within 4 units in their own last place: `exp` and `log` within 1; `tanh`, `erf`,
/// `sigmoid`, `silu`, `softplus`, `elu` within 3. Infinite and NaN arguments, overflow and subnormal
/// results give what the formula gives in exact arithmetic with limits.
public struct VectorFunction: ElementwiseFunction, Sendable {
  private let function: vector_function
  private let constants: (Double, Double)

  private init(_ function: vector_function, _ a: Double = 0, _ b: Double = 0) {
    self.function = function
    constants = (a, b)
  }

  /// `max(p, 0)`.
  public static var relu: VectorFunction { VectorFunction(vector_relu) }
  /// p above 0, else `slope·p`.
  public static func leakyReLU(slope: Double) -> VectorFunction { VectorFunction(vector_leaky_relu, slope) }
  /// `min(max(p, lower), upper)`; the slope is 0 at both ends.
  public static func hardTanh(from lower: Double, to upper: Double) -> VectorFunction {
    VectorFunction(vector_hard_tanh, lower, upper)
  }
  /// `min(max(p + 3, 0), 6) / 6`.
  public static var hardSigmoid: VectorFunction { VectorFunction(vector_hard_sigmoid) }
  /// p times `hardSigmoid`.
  public static var hardSwish: VectorFunction { VectorFunction(vector_hard_swish) }
  /// p moved towards 0 by lambda; 0 if |p| ≤ lambda.
  public static func softshrink(lambda: Double) -> VectorFunction {
    VectorFunction(vector_softshrink, lambda)
  }
  /// p; 0 from −lambda to lambda.
  public static func hardshrink(lambda: Double) -> VectorFunction {
    VectorFunction(vector_hardshrink, lambda)
  }
  /// p above the threshold, else the replacement.
  public static func threshold(_ threshold: Double, replacement: Double) -> VectorFunction {
    VectorFunction(vector_threshold, threshold, replacement)
  }
  /// `p / (1 + |p|)`.
  public static var softsign: VectorFunction { VectorFunction(vector_softsign) }
  /// `1 / (1 + e^−p)`.
  public static var sigmoid: VectorFunction { VectorFunction(vector_sigmoid) }
  /// `−log(1 + e^−p)`.
  public static var logSigmoid: VectorFunction { VectorFunction(vector_log_sigmoid) }
  /// `p / (1 + e^−p)`.
  public static var silu: VectorFunction { VectorFunction(vector_silu) }
  /// `p·tanh(log(1 + e^p))`.
  public static var mish: VectorFunction { VectorFunction(vector_mish) }
  /// `log(1 + e^(beta·p)) / beta`; p if `beta·p` is above the threshold.
  public static func softplus(beta: Double, threshold: Double) -> VectorFunction {
    VectorFunction(vector_softplus, beta, threshold)
  }
  /// p above 0, else `alpha·(e^p − 1)`.
  public static func elu(alpha: Double) -> VectorFunction { VectorFunction(vector_elu, alpha) }
  /// p above 0, else `alpha·(e^(p/alpha) − 1)`.
  public static func celu(alpha: Double) -> VectorFunction { VectorFunction(vector_celu, alpha) }
  /// `positive·p` above 0, else `negative·(e^p − 1)`.
  public static func selu(negative: Double, positive: Double) -> VectorFunction {
    VectorFunction(vector_selu, negative, positive)
  }
  /// `p·Φ(p)`, Φ the normal distribution function.
  public static var gelu: VectorFunction { VectorFunction(vector_gelu) }
  /// `p·(1 + tanh(√(2/π)(p + 0.044715 p³))) / 2`.
  public static var geluByTanh: VectorFunction { VectorFunction(vector_gelu_tanh) }
  /// The hyperbolic tangent.
  public static var tanh: VectorFunction { VectorFunction(vector_tanh) }
  /// `p − tanh(p)`.
  public static var tanhshrink: VectorFunction { VectorFunction(vector_tanhshrink) }
  /// `e^p`.
  public static var exp: VectorFunction { VectorFunction(vector_exp) }
  /// The natural logarithm.
  public static var log: VectorFunction { VectorFunction(vector_log) }
  /// The error function.
  public static var erf: VectorFunction { VectorFunction(vector_erf) }

  public func evaluate(at p: UnsafeBufferPointer<Double>, into z: UnsafeMutableBufferPointer<Double>) {
    guard !p.isEmpty else { return }
    vector_evaluate_double(function, constants.0, constants.1, p.baseAddress!, z.baseAddress!, p.count)
  }

  public func evaluate(at p: UnsafeBufferPointer<Float>, into z: UnsafeMutableBufferPointer<Float>) {
    guard !p.isEmpty else { return }
    vector_evaluate_float(
      function, Float(constants.0), Float(constants.1), p.baseAddress!, z.baseAddress!, p.count)
  }

  public func multiplyByDerivative(
    at p: UnsafeBufferPointer<Double>, into g: UnsafeMutableBufferPointer<Double>
  ) {
    guard !p.isEmpty else { return }
    vector_pull_back_double(function, constants.0, constants.1, p.baseAddress!, g.baseAddress!, p.count)
  }

  public func multiplyByDerivative(
    at p: UnsafeBufferPointer<Float>, into g: UnsafeMutableBufferPointer<Float>
  ) {
    guard !p.isEmpty else { return }
    vector_pull_back_float(
      function, Float(constants.0), Float(constants.1), p.baseAddress!, g.baseAddress!, p.count)
  }
}
