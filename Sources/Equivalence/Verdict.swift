/// What the checker says of a network and an equilibrium model (theory, section 5).
public enum Verdict: String, Sendable {
  /// The same function in exact arithmetic, for every input; the numbers agree to rounding as well.
  case proved
  /// Not proved, but on every tested input outputs and gradients agree to rounding.
  case agrees
  /// They differ by more than rounding can explain, and the report says where.
  case refuted
  /// Not proved, and no tested input could be compared: neither agreement nor a counterexample.
  case undecided
}
