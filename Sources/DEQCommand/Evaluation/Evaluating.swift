import DeepEquilibrium

extension EvaluationSettings {
  /// The network's outputs, and its gradients if the samples have cotangents.
  func evaluation<S: Scalar>(of network: Network<S>, at samples: Samples) throws -> Evaluation {
    let (method, rule) = (solve.method, solve.rule(of: S.self))
    return try evaluation(
      at: samples, precision: S.self,
      forward: { input, _ in
        let pass = network.forward(input, solvingBy: method, until: rule)
        var found = Evaluation(output: pass.output.cast(to: Double.self))
        found.forward = pass.solutions.flatMap(\.records)
        return (pass, found)
      },
      backward: { cotangent, pass in
        if let estimate {
          return (network.backpropagate(cotangent, through: pass, solvingBy: estimate.method).gradients, nil)
        }
        let back = network.backpropagate(cotangent, through: pass, solvingBy: method, until: rule)
        return (back.gradients, back.records)
      })
  }

  /// The equilibria and outputs, and the gradients if the samples have cotangents.
  func evaluation<S: Scalar>(of model: EquilibriumModel<S>, at samples: Samples) throws -> Evaluation {
    let (method, rule) = (solve.method, solve.rule(of: S.self))
    return try evaluation(
      at: samples, precision: S.self,
      forward: { input, rows in
        let start = start?.map { $0.rows(for: rows).cast(to: S.self) }
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
      backward: { cotangent, pass in
        let (solution, states) = pass
        var (gradients, records): (Gradients<S>, [SolveRecord]?)
        if let estimate {
          (gradients, records) = (model.estimatedGradients(cotangent, through: solution, by: estimate), nil)
        } else {
          let back = model.backpropagate(cotangent, through: solution, by: method, until: rule)
          (gradients, records) = (back.gradients, back.records)
        }
        if let trajectory, let states {
          trajectory.correct(&gradients, of: model, states: states, cotangent: cotangent)
        }
        return (gradients, records)
      })
  }

  /// Evaluates all samples; differentiates only those with an equilibrium.
  ///
  /// - Parameter backward: The gradients, and the records of their iterations; nil for estimates, which solve nothing.
  private func evaluation<S: Scalar, Pass>(
    at samples: Samples, precision: S.Type,
    forward: (_ input: Matrix<S>, _ rows: [Int]) -> (Pass, Evaluation),
    backward: (_ cotangent: Matrix<S>, Pass) -> (Gradients<S>, [SolveRecord]?)
  ) throws -> Evaluation {
    let input = samples.input.cast(to: S.self)
    let all = Array(0..<input.rows)
    var (pass, found) = forward(input, all)
    if isTimed { found.seconds = (leastSeconds { _ = forward(input, all) }, nil) }
    guard let cotangent = samples.cotangent?.cast(to: S.self) else { return found }
    var rows = all.filter { found.converged[$0] }
    if rows != all, !rows.isEmpty { pass = forward(input.selectingRows(rows), rows).0 }
    while !rows.isEmpty {
      let own = cotangent.selectingRows(rows)
      let (gradients, records) = backward(own, pass)
      if let records, found.adjointRows.isEmpty { (found.adjoint, found.adjointRows) = (records, rows) }
      let kept = rows.indices.filter { row in
        (records ?? []).allSatisfy { $0.samples[row].reason == .converged }
      }
      if kept.count == rows.count {
        found.gradients = Gradients(
          input: gradients.input.cast(to: Double.self), parameters: gradients.parameters.inDoublePrecision)
        found.differentiated = rows
        if isTimed { found.seconds?.adjoint = leastSeconds { _ = backward(own, pass) } }
        break
      }
      // A sample without an equilibrium or adjoint must not affect the sums of the others.
      rows = kept.map { rows[$0] }
      if !rows.isEmpty { pass = forward(input.selectingRows(rows), rows).0 }
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
