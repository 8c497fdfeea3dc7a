import Equilibria

extension Certificate {
  /// The certificate of what is proved of two models. It is nil if nothing is proved, if the values do not
  /// show it (a proof by equations with numbers that are not finite), or if a block has no value.
  ///
  /// Both models are evaluated here, whatever the basis of the proof.
  ///
  /// - Parameters:
  ///   - report: What is proved of them.
  ///   - identities: The identity of each model's files, 32 bytes: the SHA-256 of their digests.
  ///   - seed: Determines the challenge, together with the identities.
  /// - Complexity: Two evaluations over three fields, four if the parameters are proved too.
  public init?(
    of first: JudgedModel, _ second: JudgedModel, report: ProofReport,
    identities: (first: [UInt8], second: [UInt8]), seed: UInt64
  ) {
    let (claim, basis): (Claim, ProofBasis)
    switch report.function {
    case .proved(let found): (claim, basis) = (.function, found)
    case .sameEquations(let found): (claim, basis) = (.equations, found)
    case .notProved: return nil
    }
    self.init(
      claiming: claim, whereDefined: basis.whereDefined, of: [first.equations, second.equations],
      matching: report.parameters, identities: [identities.first, identities.second], seed: seed)
    guard self.first.outputs == self.second.outputs,
      parameters.map({ $0.first.outputs == $0.second.outputs }) ?? true
    else { return nil }
  }

  /// An unchecked certificate; its reader decides whether the values show the claim.
  init?(
    claiming claim: Claim, whereDefined: Bool, of systems: [EquationSystem], matching proof: ParameterProof,
    identities: [[UInt8]], seed: UInt64
  ) {
    guard
      let (challenge, values) = Self.firstAttempt(
        { FieldChallenge(first: identities[0], second: identities[1], seed: seed, attempt: $0) },
        { challenge in systems.map { FieldEvaluation(of: $0, under: challenge) } }),
      let evaluations = Self.evaluations(of: systems, values)
    else { return nil }
    self.claim = claim
    let comparison = FieldComparison(
      systems: (systems[0], systems[1]), evaluations: (values[0], values[1]))
    errorBound = comparison.errorBound
    // Equal equations are undefined for the same inputs, which equal values alone do not show.
    self.whereDefined = whereDefined || zip(systems, values).contains { $1.holdsWhereDefined($0) }
    self.challenge = Challenge(
      identities: identities, seed: seed, attempt: challenge.attempt, digest: challenge.seed,
      primes: challenge.primes, key: challenge.key)
    input = values[0].input.certified(under: challenge)
    (first, second) = (evaluations[0], evaluations[1])
    parameters = Self.parameters(of: proof, systems, under: challenge)
  }

  /// The first attempt without a zero denominator, and its values.
  private static func firstAttempt(
    _ draw: (UInt64) -> FieldChallenge, _ evaluate: (FieldChallenge) -> [FieldEvaluation]
  ) -> (FieldChallenge, [FieldEvaluation])? {
    for attempt in 0..<FunctionProver.attempts {
      let challenge = draw(attempt)
      let values = evaluate(challenge)
      if !values.contains(where: { $0.failures.contains(.zeroDenominator) }) { return (challenge, values) }
    }
    return nil
  }

  private static func evaluations(of systems: [EquationSystem], _ values: [FieldEvaluation]) -> [Evaluation]?
  {
    let evaluations = zip(systems, values).map { Evaluation(of: $0, $1) }
    return evaluations.contains { $0 == nil } ? nil : evaluations.map { $0! }
  }

  /// The values of both models with the matched parameters drawn at random; nil if they are not proved to
  /// be one function of them.
  private static func parameters(
    of proof: ParameterProof, _ systems: [EquationSystem], under challenge: FieldChallenge
  ) -> ParameterEvaluations? {
    guard case .proved = proof.outcome, !proof.matches.isEmpty else { return nil }
    let functions = RandomFunctions(challenge)
    let tables = systems.map(ParameterTable.init)
    var drawn: [[String: ParameterImages]] = [[:], [:]]
    for match in proof.matches {
      guard let ours = tables[0][match.first]?.tensor, let theirs = tables[1][match.second]?.tensor else {
        return nil
      }
      let images = ParameterImages(name: match.first, count: ours.count, functions: functions)
      drawn[0][match.first] = images
      drawn[1][match.second] =
        match.layout == .transposed ? images.reordered(transposedOrder(theirs.shape)) : images
    }
    let values = zip(systems, drawn).map { FieldEvaluation(of: $0, under: challenge, parameters: $1) }
    guard let evaluations = evaluations(of: systems, values) else { return nil }
    return ParameterEvaluations(matches: proof.matches, first: evaluations[0], second: evaluations[1])
  }
}

extension FieldEvaluation {
  /// Whether the values of the output or of a group may be undefined for some inputs.
  fileprivate func holdsWhereDefined(_ system: EquationSystem) -> Bool {
    isPartial[system.output] || groups.contains { $0.members.contains { isPartial[$0] } }
  }
}

extension Certificate.Evaluation {
  /// The values of a system of equations; nil if a value is missing.
  fileprivate init?(of system: EquationSystem, _ values: FieldEvaluation) {
    var blocks: [Certificate.Block] = []
    for (equation, value) in zip(system.equations, values.values) {
      guard let value else { return nil }
      blocks.append(.init(name: equation.name, values: value.certified(under: values.challenge)))
    }
    self.blocks = blocks
    outputs = blocks[system.output].values
    groups = values.groups.map { group in
      let cut = zip(group.members, group.cut).flatMap { member, coordinates in
        coordinates.map { (block: system.equations[member].name, index: $0) }
      }
      return Certificate.Group(cut: cut, digest: group.digest, isMerged: group.isMerged)
    }
  }
}

extension FieldValues {
  /// The elements, with infinite coordinates replaced by the elements that represent them.
  fileprivate func certified(under challenge: FieldChallenge) -> [Certificate.Element] {
    let values = hasSymbols ? Interpretation(challenge).withSymbols(self) : self
    return (0..<count).map { index in
      let element = values[index]
      return Certificate.Element(first: element.first, second: element.second, third: element.third)
    }
  }
}
