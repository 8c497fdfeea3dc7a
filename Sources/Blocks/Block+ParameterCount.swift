extension Block {
  /// The number of elements of its entries in `W_z` and `W_x`, and of its constant summands.
  package var parameterCount: Int {
    terms.reduce(0) { $0 + ($1.map.parameterShape?.reduce(1, *) ?? 0) } + offsets.reduce(0) { $0 + $1.count }
  }
}
