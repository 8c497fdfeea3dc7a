import DeepEquilibrium

extension Evaluation {
  /// Writes results as NumPy's arrays: `output`, `converged`, `gradient.input`, `gradient.fc1.weight`, …, and with the state
  /// `state.fc1` and `adjoint.fc1`, …. Rows without a result are NaN.
  ///
  /// - Throws: `FileError`. Discard what has been written before an error.
  func writeArrays(withState: Bool, to sink: any ByteSink) throws(FileError) {
    var writer = NumPyArchiveWriter(to: sink)
    let converged = converged
    func add(_ name: String, _ rows: Matrix<Double>) throws(FileError) {
      var rows = rows
      for (row, isThere) in converged.enumerated() where !isThere {
        rows.replaceRow(row, with: [Double](repeating: .nan, count: rows.columns)[...])
      }
      try writer.add(name, rows.elements, shape: [rows.rows, rows.columns])
    }
    try add("output", output)
    try writer.add("converged", converged, shape: [converged.count])
    if withState { for block in state { try add("state.\(block.name)", block.value) } }
    if withState, let adjointState {
      for (block, value) in zip(state, adjointState) {
        let rows = spread(value).rows
        try writer.add("adjoint.\(block.name)", rows.elements, shape: [rows.rows, rows.columns])
      }
    }
    if let gradients {
      let input = spread(gradients.input).rows
      try writer.add("gradient.input", input.elements, shape: [input.rows, input.columns])
      for name in gradients.parameters.names {
        let gradient = gradients.parameters[name]!
        try writer.add("gradient.\(name)", gradient.elements, shape: gradient.shape)
      }
    }
    try writer.finish()
  }
}
