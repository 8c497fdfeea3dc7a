import LinearAlgebra

/// `z = p^q`, elementwise, as in `torch.pow` of two tensors; for negative p only where q is an integer, else NaN.
///
/// As in PyTorch, ∂z/∂p is 0 for q = 0, and ∂z/∂q = `p^q log p` is 0 at p = 0 unless q is negative.
public struct Power: ElementwisePair {
  public static let typeName = "power"
  public static let schema = OperatorSchema("p to the power q")

  /// The function.
  public init() {}

  public func value<S: Scalar>(_ p: S, _ q: S) -> S {
    power(p, q)
  }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) {
    let base = q == 0 ? 0 : q * power(p, q - 1)
    return (base, p == 0 && q >= 0 ? 0 : power(p, q) * S.log(p))
  }
}
