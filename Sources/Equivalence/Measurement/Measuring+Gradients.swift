import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// What is summed up over the passes of a measurement.
struct PassSums<S: Scalar> {
  /// Whether gradients of parameters are added to the sums as they arise, so that a pass keeps none of its own. A
  /// gradient that is not finite then spoils the sums.
  let addsAtOnce: Bool
  var isSpoiled = false
  /// How many passes had samples to compare.
  var passes = 0
  /// How many samples were differentiated, and the positions of those whose gradients are summed.
  var samplesTried = 0
  var differentiated: [Int] = []
  /// The gradients of the parameters on both sides.
  var first = ParameterTensors<S>()
  var second = ParameterTensors<S>()
  /// What was found sample by sample, and on the generic path.
  var outputs: [Discrepancy] = []
  var inputGradients: [Discrepancy] = []
  var whole: [Discrepancy] = []
  var hasTriedOtherParameters = false

  init(addsAtOnce: Bool) {
    self.addsAtOnce = addsAtOnce
  }

  /// Adds the gradients of one pass.
  mutating func add<T: Scalar>(_ pass: Measuring<S, T>.Differentiated) {
    if addsAtOnce || differentiated.isEmpty {
      (first, second) = (pass.first.gradients.parameters, pass.second.gradients.parameters)
    } else {
      for name in pass.first.gradients.parameters.names {
        first.add(pass.first.gradients.parameters[name]!, to: name)
      }
      for name in pass.second.gradients.parameters.names {
        second.add(pass.second.gradients.parameters[name]!, to: name)
      }
    }
    differentiated += pass.batch.samples
  }

  /// The sums to which a pass adds, which it gives back with its gradients; nil where it keeps its own.
  mutating func takeFirst() -> ParameterTensors<S>? {
    guard addsAtOnce else { return nil }
    var taken = ParameterTensors<S>()
    swap(&taken, &first)
    return taken
  }

  mutating func takeSecond() -> ParameterTensors<S>? {
    guard addsAtOnce else { return nil }
    var taken = ParameterTensors<S>()
    swap(&taken, &second)
    return taken
  }
}

extension Measuring {
  typealias PassSums = Equivalence.PassSums<S>

  /// Samples with their gradients on both sides.
  struct Differentiated {
    let batch: Batch
    var first: BackwardValues<S>
    var second: BackwardValues<S>

    /// Differentiates both sides, one after the other; what was kept of their evaluations is given away.
    init(_ batch: inout Batch, addingTo sums: inout PassSums) {
      let cotangent = batch.cotangent.cast(to: S.self)
      first = batch.first.backward(cotangent, addingTo: sums.takeFirst())
      second = batch.second.backward(cotangent, addingTo: sums.takeSecond())
      self.batch = batch
    }

    /// Differentiates both sides, apart from all sums.
    init(_ given: Batch) {
      var batch = given
      var sums = PassSums(addsAtOnce: false)
      self.init(&batch, addingTo: &sums)
    }

    /// The rows with finite gradients of the input on both sides.
    var finiteRows: [Int] {
      batch.samples.indices.filter { first.isFinite($0) && second.isFinite($0) }
    }

    var isFinite: Bool {
      finiteRows.count == batch.samples.count && first.hasFiniteParameters && second.hasFiniteParameters
    }
  }

  /// Differentiates both sides, and compares the gradients of samples that are finite on both sides; nil if
  /// there are none.
  mutating func compareGradients(_ batch: inout Batch, _ sums: inout PassSums) -> Differentiated? {
    let count = batch.samples.count
    var all = Differentiated(&batch, addingTo: &sums)
    if !all.isFinite {
      if sums.addsAtOnce {
        sums.isSpoiled = true
        return nil
      }
      note(all.first.failure, all.second.failure, "adjoint: ", in: all.batch)
      let rows = rowsWithFiniteGradients(all)
      sums.samplesTried += count
      guard !rows.isEmpty else { return nil }
      all = Differentiated(all.batch.selecting(rows, from: self))
    }
    if sums.differentiated.isEmpty {
      result.offPattern = all.second.offPattern ?? all.first.offPattern
      record(all)
    }
    sums.inputGradients += inputGradientDiscrepancies(all)
    return all
  }

  /// A sample's gradient of a parameter may be infinite although that of its input is finite, so each
  /// sample is checked alone if the sum over all is not finite.
  private func rowsWithFiniteGradients(_ all: Differentiated) -> [Int] {
    let rows = all.finiteRows
    guard !rows.isEmpty else { return [] }
    if rows.count < all.batch.samples.count,
      Differentiated(all.batch.selecting(rows, from: self)).isFinite
    {
      return rows
    }
    return rows.filter { Differentiated(all.batch.selecting([$0], from: self)).isFinite }
  }

  private mutating func record(_ all: Differentiated) {
    for (model, forward, backward) in [
      (models.first, all.batch.first, all.first), (models.second, all.batch.second, all.second),
    ] {
      guard case .equilibrium = model else { continue }
      result.solves.append(
        PathRecord(path: .structured, forward: forward.records, adjoint: backward.records))
    }
  }

  private func inputGradientDiscrepancies(_ all: Differentiated) -> [Discrepancy] {
    let rows = all.batch.samples.indices.map { row in
      (
        all.first.gradients.input.row(row).map { Double($0) },
        all.second.gradients.input.row(row).map { Double($0) }
      )
    }
    let unexplained = rows.indices.filter { comparison.needsMeasurement(rows[$0].0, rows[$0].1) }
    let neighbours = neighbourhood(of: all.batch.x.selectingRows(unexplained))?
      .gradients(all.batch.cotangent.selectingRows(unexplained), of: []).inputs
    return rows.enumerated().map { row, values in
      comparison.worst(
        .inputGradient, path: .structured, first: values.0, second: values.1, sample: all.batch.samples[row],
        neighbours: unexplained.firstIndex(of: row).map { QuantityComparison.Neighbours(neighbours![$0]) })
    }
  }

  /// Compares the sums of the parameters' gradients over the samples `x`, `[batch, input]`.
  mutating func compareParameterGradients(
    _ sums: PassSums, of x: Matrix<Double>, _ cotangent: Matrix<Double>
  ) {
    func gradients(of match: ParameterMatch) -> ([Double], [Double])? {
      guard let ours = sums.first[match.first], let theirs = sums.second[match.second],
        ours.count == theirs.count
      else { return nil }
      let moved = match.layout == .same ? theirs : Tensor(match.inFirstLayout(theirs))
      return (ours.cast(to: Double.self).elements, moved.cast(to: Double.self).elements)
    }
    let unexplained = matches.filter { match in
      gradients(of: match).map { comparison.needsMeasurement($0.0, $0.1) } ?? false
    }
    let neighbours =
      unexplained.isEmpty ? nil : neighbourhood(of: x)?.gradients(cotangent, of: unexplained).parameters
    for match in matches {
      guard let (ours, theirs) = gradients(of: match) else { continue }
      result.discrepancies.append(
        comparison.worst(
          .parameterGradient(first: match.first, second: match.second), path: .structured, first: ours,
          second: theirs, sample: nil,
          neighbours: neighbours?[match.first].map { QuantityComparison.Neighbours($0) }))
    }
  }
}
