import DeepEquilibrium

extension EvaluationSettings {
  /// The network's outputs, and its gradients if the samples have cotangents.
  func evaluation<S: Scalar>(of network: Network<S>, at samples: Samples) throws -> Evaluation {
    let (method, rule) = (solve.method, solve.rule(of: S.self))
    return try evaluation(
      at: samples, precision: S.self,
      forward: { input in
        let pass = network.forward(input, solvingBy: method, until: rule)
        var found = Evaluation(output: pass.output.cast(to: Double.self))
        found.forward = pass.solutions.flatMap(\.records)
        return (pass, found)
      },
      selecting: { $0.selecting($1) },
      backward: { cotangent, pass in
        if let estimate {
          return Differentiation(
            network.backpropagate(cotangent, through: pass, solvingBy: estimate.method).gradients)
        }
        let back = network.backpropagate(cotangent, through: pass, solvingBy: method, until: rule)
        return Differentiation(back.gradients, records: back.records)
      })
  }

  /// The equilibria and outputs, and the gradients if the samples have cotangents.
  func evaluation<S: Scalar>(of model: EquilibriumModel<S>, at samples: Samples) throws -> Evaluation {
    let (method, rule) = (solve.method, solve.rule(of: S.self))
    return try evaluation(
      at: samples, precision: S.self,
      forward: { input in
        let start = starts(of: Array(0..<input.rows), precision: S.self)
        let solution = model.solve(input, by: method, from: start, until: rule)
        let states = trajectory?.states(of: model, at: input, from: start)
        var found = Evaluation(output: solution.output.cast(to: Double.self))
        found.state = zip(model.blocks, solution.state).map { ($0.name, $1.cast(to: Double.self)) }
        found.forward = solution.records
        found.trajectory = trajectory.flatMap { trajectory in
          states?.enumerated().map { Evaluation.StateOnTheWay($1, at: $0, of: model, trajectory) }
        }
        if wantsSpectralRadius {
          found.spectralRadii = model.linearization(at: solution).spectralRadii()
        }
        return ((solution, states), found)
      },
      selecting: { pass, rows in
        let own = pass.0.selecting(rows)
        let start = starts(of: rows, precision: S.self)
        return (own, trajectory?.states(of: model, at: own.input, from: start))
      },
      backward: { cotangent, pass in
        let (solution, states) = pass
        var found: Differentiation<S>
        if let estimate {
          found = Differentiation(model.estimatedGradients(cotangent, through: solution, by: estimate))
        } else {
          let back = model.backpropagate(cotangent, through: solution, by: method, until: rule)
          found = Differentiation(back.gradients, records: back.records)
          if wantsState {
            let point = model.linearization(at: solution)
            found.adjoint = model.adjoint(at: point, cotangent: cotangent, by: method, until: rule).state
          }
        }
        if let trajectory, let states {
          trajectory.correct(&found.gradients, of: model, states: states, cotangent: cotangent)
        }
        return found
      })
  }

  /// The states that samples start from, if any are given.
  private func starts<S: Scalar>(of samples: [Int], precision: S.Type) -> [Matrix<S>]? {
    start?.map { $0.rows(for: samples).cast(to: S.self) }
  }

  /// Evaluates all samples; differentiates only those with a result, at the equilibria that are reported: solved again, a
  /// sample might find another. A sample whose gradient is not finite is left out of the sums as well.
  ///
  /// - Parameters:
  ///   - forward: The pass of all samples.
  ///   - selecting: The same pass, of some of the samples.
  private func evaluation<S: Scalar, Pass>(
    at samples: Samples, precision: S.Type,
    forward: (_ input: Matrix<S>) -> (Pass, Evaluation),
    selecting: (_ pass: Pass, _ rows: [Int]) -> Pass,
    backward: (_ cotangent: Matrix<S>, Pass) -> Differentiation<S>
  ) throws -> Evaluation {
    let input = samples.input.cast(to: S.self)
    let all = Array(0..<input.rows)
    let (pass, first) = forward(input)
    var found = first
    if isTimed { found.seconds = (leastSeconds { _ = forward(input) }, nil) }
    guard let cotangent = samples.cotangent?.cast(to: S.self) else { return found }
    let hasResult = found.hasResult
    var rows = all.filter { hasResult[$0] }
    while !rows.isEmpty {
      let own = rows == all ? pass : selecting(pass, rows)
      let weights = cotangent.selectingRows(rows)
      let back = backward(weights, own)
      let (gradients, records) = (back.gradients, back.records)
      if let records, found.adjointRows.isEmpty { (found.adjoint, found.adjointRows) = (records, rows) }
      let solved = rows.indices.filter { row in
        (records ?? []).allSatisfy { $0.samples[row].reason == .converged }
      }
      let kept = solved.filter { gradients.input.row($0).allSatisfy(\.isFinite) }
      found.gradientsBeyondNumbers += Set(solved).subtracting(kept).sorted().map { rows[$0] }
      if kept.count == rows.count {
        found.gradients = Gradients(
          input: gradients.input.cast(to: Double.self), parameters: gradients.parameters.inDoublePrecision)
        found.differentiated = rows
        found.adjointState = back.adjoint.map { $0.map { $0.cast(to: Double.self) } }
        if isTimed { found.seconds?.adjoint = leastSeconds { _ = backward(weights, own) } }
        break
      }
      // A sample without an equilibrium, an adjoint or a finite gradient must not affect the sums of the others.
      rows = kept.map { rows[$0] }
    }
    return found
  }

  /// The shortest of the runs that fit into a fifth of a second, of at least three.
  private func leastSeconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let end = clock.now + .milliseconds(200)
    var (least, count) = (Duration.seconds(1_000_000), 0)
    while count < 3 || clock.now < end {
      least = min(least, clock.measure(body))
      count += 1
    }
    return Double(least.components.seconds) + Double(least.components.attoseconds) * 1e-18
  }
}

/// The gradients of samples.
private struct Differentiation<S: Scalar> {
  var gradients: Gradients<S>
  /// The records of the iterations; nil for estimates, which solve nothing.
  let records: [SolveRecord]?
  /// The adjoint of each block, if requested.
  var adjoint: [Matrix<S>]?

  init(_ gradients: Gradients<S>, records: [SolveRecord]? = nil) {
    (self.gradients, self.records) = (gradients, records)
  }
}

extension ParameterTensors {
  fileprivate var inDoublePrecision: ParameterTensors<Double> {
    var result = ParameterTensors<Double>(capacity: names.count)
    for name in names { result.add(self[name]!.cast(to: Double.self), to: name) }
    return result
  }
}

extension Matrix {
  /// The rows of these samples; a single row belongs to every sample.
  fileprivate func rows(for samples: [Int]) -> Matrix {
    selectingRows(rows == 1 ? [Int](repeating: 0, count: samples.count) : samples)
  }
}
