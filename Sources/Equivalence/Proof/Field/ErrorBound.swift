extension FieldComparison {
  /// The binary logarithm of the probability, at most, that different models pass.
  var errorBound: Double { -100 }
}
