/// The verdict on two models (Theory, "Verdicts").
public enum Verdict: String, Sendable {
  /// One function in exact arithmetic, for every input.
  case proved
  /// Not proved, but on every tested input outputs and gradients agree to rounding.
  case agrees
  /// They differ by more than rounding can explain; the report gives the input and the coordinate.
  case refuted
  /// Neither proved nor refuted: some tested values do not agree, or nothing could be compared.
  case undecided
}

/// The answer to one question about the gradients of two models.
public enum GradientVerdict: String, Sendable {
  /// The same gradients wherever they exist, by a proof.
  case proved
  /// The same to rounding on every tested input.
  case agrees
  /// They differ by more than rounding can explain, on a tested input and next to it.
  case differs
  /// Not proved, and the measurements do not decide.
  case undecided
  /// No gradient exists on both sides.
  case nothingShared
}
