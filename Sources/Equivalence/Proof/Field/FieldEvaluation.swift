import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// What one model's coordinates are in three finite fields under a challenge.
struct FieldEvaluation: Sendable {
  /// What was drawn at random.
  let challenge: FieldChallenge
  /// The input's coordinates.
  let input: FieldValues
  /// For each equation the coordinates of its value, infinite ones as symbols; nil where it has none.
  private(set) var values: [FieldValues?]
  /// For each equation why it has no value.
  private(set) var failures: [FieldFailure?]
  /// For each equation whether its value is known only where something is defined that need not be.
  private(set) var isPartial: [Bool]
  /// The groups of equations that read each other.
  private(set) var groups: [GroupEvaluation] = []
  /// Why such groups have no value.
  private(set) var groupFailures: [FieldFailure] = []
  /// The largest complexity of a coordinate.
  private(set) var complexity = FieldComplexity.fresh
  /// How often random functions were applied, at most, and coordinates compared.
  private(set) var applications = 0.0
  private var complexities: [FieldComplexity] = []
  /// The equations, each behind those that it reads, but for such groups.
  private(set) var order: [Int] = []

  /// The values of a model under a challenge.
  ///
  /// - Parameters:
  ///   - parameters: Elements for parameters of these names, instead of the numbers that the model has.
  ///   - applied: Maps that the other model has applied under this challenge.
  init(
    of system: EquationSystem, under challenge: FieldChallenge, parameters: [String: ParameterImages] = [:],
    after applied: AppliedMaps? = nil
  ) {
    self.challenge = challenge
    let theory = Interpretation(challenge)
    let size = system.inputShape.reduce(1, *)
    input = FieldValues(
      components: theory.functions.components(FunctionSymbol("input"), count: size), count: size)
    let count = system.equations.count
    values = [FieldValues?](repeating: nil, count: count)
    failures = [FieldFailure?](repeating: nil, count: count)
    isPartial = [Bool](repeating: false, count: count)
    complexities = [FieldComplexity](repeating: .fresh, count: count)
    applications = Double(input.count)
    let equations = system.withoutVanishingCycles(parameters: Set(parameters.keys))
    for members in stronglyConnectedComponents(sources: equations.map(\.nodeSources)) {
      order += members
      if members.count > 1 || equations[members[0]].nodeSources.contains(members[0]) {
        evaluateGroup(members, of: system, equations, parameters, in: theory)
      } else {
        evaluate(members[0], equations, parameters, in: theory, after: applied)
      }
    }
  }

  private mutating func evaluate(
    _ index: Int, _ equations: [Block<Double>], _ parameters: [String: ParameterImages],
    in theory: Interpretation, after applied: AppliedMaps?
  ) {
    do throws(FieldFailure) {
      let image = try BlockImage(equations[index], parameters: parameters, in: theory)
      let value = try image.value(after: applied) { (source) throws(FieldFailure) in try read(source) }
      values[index] = value
      note([index], equations, Set(parameters.keys), passes: 1, depth: 1)
      isPartial[index] =
        image.isPartial || value.hasSymbols || equations[index].nodeSources.contains { isPartial[$0] }
    } catch { failures[index] = error }
  }

  private mutating func evaluateGroup(
    _ members: [Int], of system: EquationSystem, _ equations: [Block<Double>],
    _ parameters: [String: ParameterImages], in theory: Interpretation
  ) {
    let names = Set(parameters.keys)
    do throws(FieldFailure) {
      var images: [BlockImage] = []
      for member in members {
        images.append(try BlockImage(equations[member], parameters: parameters, in: theory))
      }
      let cut = GroupCut(of: members, equations, parameters: names)
      var linear: [LinearCoordinates] = []
      for coordinates in cut.linear {
        linear.append(try LinearCoordinates(coordinates, of: members, images, in: theory.fields))
      }
      let transition = GroupTransitionImage(
        members: members, images: images, cut: cut.unknowns, linear: linear, theory: theory)
      let outside = { (source: Source) throws(FieldFailure) in try read(source) }
      let value = try transition.evaluate(reading: outside) {
        // What is certified of the numbers in the files says nothing of others.
        parameters.isEmpty && system.isWellPosed(members, equations)
      }
      let fresh = zip(members, cut.unknowns).filter { $1.count == equations[$0].size }.map(\.0)
      note(
        members, equations, names, passes: value.passes, depth: value.depth, fresh: Set(fresh),
        solving: cut.linear)
      let sources = members.flatMap { equations[$0].nodeSources }
      // For some values of the parameters linear equations have no solution.
      let partial =
        images.contains(where: \.isPartial) || sources.contains { isPartial[$0] }
        || !linear.isEmpty && !parameters.isEmpty
      for (member, value) in zip(members, value.state) {
        (values[member], isPartial[member]) = (value, partial)
      }
      if let digest = value.digest {
        groups.append(
          GroupEvaluation(members: members, cut: cut.unknowns, digest: digest, isMerged: value.isMerged))
      }
    } catch {
      for member in members { failures[member] = error }
      groupFailures.append(error)
    }
  }

  /// Notes how complex the values of some equations can be, and how many functions were applied.
  ///
  /// - Parameters:
  ///   - passes: How often all of them were evaluated.
  ///   - depth: How often one after the other.
  ///   - fresh: Those whose values the others read as random numbers.
  ///   - linear: Coordinates that are solutions of linear equations.
  private mutating func note(
    _ members: [Int], _ equations: [Block<Double>], _ parameters: Set<String>, passes: Int, depth: Int,
    fresh: Set<Int> = [], solving linear: [[GroupCoordinate]] = []
  ) {
    let solved = Set(linear.joined().map { members[$0.member] })
    let unknowns = linear.reduce(0) { $0 + $1.count }
    let entries = FieldComplexity(ofEntries: solved.map { equations[$0] }, parameters: parameters)
    for _ in 0..<depth {
      for member in members {
        complexities[member] = FieldComplexity(of: equations[member], parameters: parameters) { source in
          if case .node(let node) = source, !fresh.contains(node) { complexities[node] } else { .fresh }
        }
        if solved.contains(member) {
          complexities[member] = complexities[member].solved(unknowns, entries: entries)
        }
        complexity = complexity.union(complexities[member])
      }
    }
    // No nonlinearity applies more than four functions to a coordinate of a port.
    for member in members {
      let block = equations[member]
      applications += Double(passes) * Double(block.portSizes.reduce(block.size, +)) * 4
    }
  }

  private func read(_ source: Source) throws(FieldFailure) -> FieldValues {
    switch source {
    case .input: return input
    case .node(let index):
      guard let value = values[index] else { throw failures[index] ?? .zeroDenominator }
      return value
    }
  }
}

/// A group of equations that read each other, as it was found in one evaluation.
struct GroupEvaluation: Sendable {
  /// The positions of its equations.
  let members: [Int]
  /// The coordinates of each member that are unknown.
  let cut: [[Int]]
  /// What two groups share that have the same equations, 32 bytes.
  let digest: [UInt8]
  /// Whether coordinates have one unknown together, as is right only in a group with one equilibrium.
  let isMerged: Bool
}

extension EquationSystem {
  /// The equations without those terms in cycles whose entries are all zero: they close no cycle.
  ///
  /// - Parameter parameters: The names of parameters whose elements may be anything.
  func withoutVanishingCycles(parameters: Set<String> = []) -> [Block<Double>] {
    var equations = equations
    for members in stronglyConnectedComponents(sources: equations.map(\.nodeSources)) {
      let inside = Set(members)
      for member in members {
        equations[member].terms.removeAll { term in
          guard case .node(let node) = term.source, inside.contains(node) else { return false }
          return term.vanishes(parameters: parameters)
        }
      }
    }
    return equations
  }
}

extension Term<Double> {
  /// Whether all entries are exactly zero, whatever the elements of these parameters.
  fileprivate func vanishes(parameters: Set<String>) -> Bool {
    (0..<map.outputSize).allSatisfy { row in
      var isZero = true
      forEachColumn(inRow: row, parameters: parameters) { _ in isZero = false }
      return isZero
    }
  }

  /// Calls `body` with the columns of the summands of a row that are not zero.
  func forEachColumn(inRow row: Int, parameters: Set<String>, _ body: (Int) -> Void) {
    let isRandom = parameter.map(parameters.contains) ?? false
    let numbers = isRandom ? nil : map.parameter?.elements
    map.forEachSummand(inRow: row) { summand in
      let isZero =
        summand.factor == 0
        || summand.element.map { element in numbers.map { $0[element] == 0 } ?? false } ?? false
      if !isZero { body(summand.column) }
    }
  }
}
