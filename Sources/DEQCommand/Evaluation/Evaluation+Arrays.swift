import DeepEquilibrium

extension Evaluation {
  /// Writes results as NumPy's arrays: `output`, `converged`, `gradient.input`, `gradient.fc1.weight`, …, and with the state
  /// `state.fc1` and `adjoint.fc1`, …. A model with named inputs and outputs has each in its own shape too,
  /// `output.NAME` and `gradient.input.NAME`. Rows without a result are NaN.
  ///
  /// - Throws: `FileError`. Discard what has been written before an error.
  func writeArrays(
    withState: Bool, signature: ModelSignature = .unnamed, to sink: any ByteSink
  ) throws(FileError) {
    var writer = NumPyArchiveWriter(to: sink)
    let converged = converged
    func known(_ rows: Matrix<Double>) -> Matrix<Double> {
      var rows = rows
      for (row, isThere) in converged.enumerated() where !isThere {
        rows.replaceRow(row, with: [Double](repeating: .nan, count: rows.columns)[...])
      }
      return rows
    }
    func add(_ name: String, _ rows: Matrix<Double>) throws(FileError) {
      try writer.add(name, known(rows).elements, shape: [rows.rows, rows.columns])
    }
    func add(_ name: String, _ rows: Matrix<Double>, _ tensors: [ModelSignature.Tensor]) throws(FileError) {
      var start = 0
      for tensor in tensors {
        let part = (0..<rows.rows).flatMap { rows.row($0).dropFirst(start).prefix(tensor.size) }
        try writer.add("\(name).\(tensor.name)", part, shape: [rows.rows] + tensor.shape)
        start += tensor.size
      }
    }
    try add("output", output)
    try add("output", known(output), signature.outputs)
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
      try add("gradient.input", input, signature.inputs)
      for name in gradients.parameters.names {
        let gradient = gradients.parameters[name]!
        try writer.add("gradient.\(name)", gradient.elements, shape: gradient.shape)
      }
    }
    try writer.finish()
  }
}
