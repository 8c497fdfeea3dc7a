import DeepEquilibrium

/// What the report of an evaluation shows besides outputs, gradients and statistics.
struct EvaluationDetails {
  /// The value of every block.
  var state = false
  /// The residual from update to update.
  var trace = false
  /// The method that estimates the gradients; nil for exact ones.
  var estimate: String?
}

extension Evaluation {
  /// Writes the report's keys into an open object; a sample without a row gets an empty one.
  func writeKeys(_ details: EvaluationDetails, to writer: inout JSONWriter) throws(FileError) {
    let converged = converged
    try writeResults(to: &writer)
    if let estimate = details.estimate, gradients != nil { try writer.string("gradientEstimate", estimate) }
    if details.state {
      try writer.key("state")
      try writer.beginObject()
      for block in state {
        try writer.key(block.name)
        try writer.rows(block.value, where: converged)
      }
      try writer.end()
      try writeAdjoint(to: &writer)
    }
    try writeTrajectory(showing: details, to: &writer)
    try writer.key("samples")
    try writer.beginArray()
    for sample in 0..<output.rows { try writeSample(sample, to: &writer) }
    try writer.end()
    try writer.key("solver")
    try writer.beginObject()
    try writer.key("forward")
    try writeJSON(forward, traces: details.trace, to: &writer)
    try writer.key("adjoint")
    try writeJSON(adjoint, traces: details.trace, to: &writer)
    try writer.end()
    try writeSeconds(to: &writer)
  }

  /// Writes the keys of results, outputs and gradients, into an open object.
  func writeResults(to writer: inout JSONWriter) throws(FileError) {
    try writer.key("output")
    try writer.rows(output, where: hasResult)
    try writeGradients(to: &writer)
  }

  /// Writes the adjoint of every block, if there is one, with a row for each sample.
  private func writeAdjoint(to writer: inout JSONWriter) throws(FileError) {
    guard let adjointState else { return }
    try writer.key("adjoint")
    try writer.beginObject()
    for (block, value) in zip(state, adjointState) {
      let (rows, isThere) = spread(value)
      try writer.key(block.name)
      try writer.rows(rows, where: isThere)
    }
    try writer.end()
  }

  /// Rows of the differentiated samples among those of all, and which these are; other rows are NaN.
  func spread(_ matrix: Matrix<Double>) -> (rows: Matrix<Double>, isThere: [Bool]) {
    var rows = Matrix<Double>(rows: output.rows, columns: matrix.columns, repeating: .nan)
    var isThere = [Bool](repeating: false, count: output.rows)
    for (row, sample) in differentiated.enumerated() {
      rows.replaceRow(sample, with: matrix.row(row))
      isThere[sample] = true
    }
    return (rows, isThere)
  }

  private func writeGradients(to writer: inout JSONWriter) throws(FileError) {
    guard let gradients else { return }
    try writer.key("gradients")
    try writer.beginObject()
    try writer.key("input")
    let (input, isThere) = spread(gradients.input)
    try writer.rows(input, where: isThere)
    for name in gradients.parameters.names {
      try writer.key(name)
      try writer.tensor(gradients.parameters[name]!)
    }
    try writer.end()
  }

  private func writeSample(_ sample: Int, to writer: inout JSONWriter) throws(FileError) {
    try writer.beginObject(.inLine)
    try writer.key("forward")
    try Ending(of: sample, in: forward).write(to: &writer)
    if let row = adjointRows.firstIndex(of: sample) {
      try writer.key("adjoint")
      try Ending(of: row, in: adjoint).write(to: &writer)
    }
    if let radius = spectralRadii?[sample], converged[sample] {
      try writer.key("spectralRadius")
      try writer.beginObject(.inLine)
      try writer.anyNumber("estimate", radius.estimate)
      try writer.integer("products", radius.products)
      try writer.key("settled")
      try writer.boolean(radius.isSettled)
      try writer.end()
    }
    try writer.end()
  }

  private func writeSeconds(to writer: inout JSONWriter) throws(FileError) {
    guard let seconds else { return }
    try writer.key("seconds")
    try writer.beginObject(.inLine)
    try writer.key("forward")
    try writer.number(seconds.forward)
    if let adjoint = seconds.adjoint {
      try writer.key("adjoint")
      try writer.number(adjoint)
    }
    try writer.end()
  }
}

extension Evaluation.Ending {
  fileprivate func write(to writer: inout JSONWriter) throws(FileError) {
    try writer.beginObject(.inLine)
    try writer.string("status", "\(reason)")
    try writer.integer("iterations", iterations)
    try writer.anyNumber("residual", residual)
    try writer.end()
  }
}

extension JSONWriter {
  /// The rows of a matrix; missing rows are empty.
  fileprivate mutating func rows(_ matrix: Matrix<Double>, where isThere: [Bool]) throws(FileError) {
    guard isThere.contains(false) else { return try self.matrix(matrix) }
    try beginArray()
    for row in 0..<matrix.rows { try numbers(isThere[row] ? matrix.row(row) : []) }
    try end()
  }
}
