import Blocks
import FixedPoints
import LinearAlgebra
import Operators

extension GroupTransition {
  /// The transition as solvers see it, with the magnitudes that its rounding is relative to.
  var problem: FixedPointProblem<S> { problem(recording: LastEvaluation()) }

  /// The same, which stores its last evaluation.
  func problem(recording last: LastEvaluation<S>) -> FixedPointProblem<S> {
    problem(recording: last, with: MagnitudeBlocks(of: self), GroupJacobian(of: derivative(at: [])))
  }

  private func problem(
    recording last: LastEvaluation<S>, with absolute: MagnitudeBlocks<S>, _ jacobian: GroupJacobian<S>?
  ) -> FixedPointProblem<S> {
    var problem = FixedPointProblem<S>(
      value: { state in
        let (value, sweep) = evaluation(at: state)
        (last.state, last.value, last.sweep) = (state, value, sweep)
        return value
      },
      magnitudes: { magnitudes(at: $0, with: absolute) },
      selecting: { selecting($0).problem(recording: LastEvaluation(), with: absolute, jacobian) })
    problem.parts = group.iterated.map { blocks[places[$0]!].size }
    problem.isPiecewiseLinear = isPiecewiseLinear
    if let jacobian {
      let price = derivative(at: []).price(of: jacobian)
      problem.jacobian = FixedPointJacobian(price: price) { state, row in
        let isKnown = state == last.state
        let point = derivative(at: isKnown ? last.sweep!.ports : evaluation(at: state).sweep.ports)
        let (matrix, count) = jacobian.matrix { point.slopes(of: $0, row: row) }
        return (matrix, count + (isKnown ? 0 : 1))
      }
    }
    if !group.following.isEmpty {
      let parts = group.following.map { blocks[places[$0]!].size }
      problem.following = {
        FollowingValues(
          values: Matrix(
            sideBySide: group.following.map { last.sweep!.values[places[$0]!]! }, rows: batch), parts: parts)
      }
    }
    return problem
  }

  /// Whether f is piecewise linear: every block is, and the ports of parameters, such as PReLU's slopes, do not read the
  /// state.
  private var isPiecewiseLinear: Bool {
    zip(blocks, beginnings).allSatisfy { block, beginning in
      let nonlinearity = block.nonlinearity
      return nonlinearity.isPiecewiseLinear
        && beginning.rest.allSatisfy { $0.port < type(of: nonlinearity).inputCount }
    }
  }

  /// The transition as solvers see it, without further information.
  var plainProblem: FixedPointProblem<S> {
    FixedPointProblem(value: { value(at: $0) }, selecting: { selecting($0).plainProblem })
  }

  /// The transition of some of the samples, by their rows.
  func selecting(_ rows: [Int]) -> GroupTransition {
    GroupTransition(
      group: group, places: places, blocks: blocks, beginnings: beginnings.map { $0.selectingRows(rows) },
      outside: outside.mapValues { $0.selectingRows(rows) }, batch: rows.count)
  }

  /// The magnitude that rounding of each coordinate of f at a state is relative to, `[batch, N]`: the running error
  /// bound of an evaluation in units of the roundoff (see `FixedPointProblem.magnitudes`). Members that follow from the
  /// iterated ones pass on their own errors too.
  func magnitudes(at state: Matrix<S>) -> Matrix<S> { magnitudes(at: state, with: MagnitudeBlocks(of: self)) }

  private func magnitudes(at state: Matrix<S>, with absolute: MagnitudeBlocks<S>) -> Matrix<S> {
    let values = sweep(from: state).values
    let outside = self.outside.mapValues(\.magnitude)
    var sizes = values.map { $0?.magnitude }
    func magnitude(of place: Int) -> Matrix<S> {
      let beginning = beginnings[place].magnitudes(followedBy: absolute.blocks[place].terms)
      let sums = absolute.blocks[place].preactivations(batch: batch, after: beginning) { source in
        guard case .node(let node) = source, let place = places[node] else { return outside[source] }
        return sizes[place]
      }
      let ports = ports(of: place, reading: values)
      let value = blocks[place].value(at: ports)
      var magnitude = blocks[place].propagated(sums, at: ports, value: value)
      magnitude.add(value.magnitude)
      return magnitude
    }
    for member in group.following { sizes[places[member]!] = magnitude(of: places[member]!) }
    return Matrix(sideBySide: group.iterated.map { magnitude(of: places[$0]!) }, rows: batch)
  }
}

extension GroupDerivative {
  /// The adjoint equation `g = Jᵀ g + e` as solvers see it, with the magnitudes that rounding of its right side is
  /// relative to.
  func adjointProblem(adding e: Matrix<S>) -> FixedPointProblem<S> {
    adjointProblem(adding: e, with: MagnitudeBlocks(of: self))
  }

  private func adjointProblem(
    adding e: Matrix<S>, with absolute: MagnitudeBlocks<S>
  ) -> FixedPointProblem<S> {
    var problem = FixedPointProblem<S>(
      value: { pullBack($0, adding: e) },
      magnitudes: { magnitudes(of: $0, adding: e, with: absolute) },
      selecting: { selecting($0).adjointProblem(adding: e.selectingRows($0), with: absolute) })
    problem.handsOnValue = false
    problem.parts = iterated.map { blocks[$0].size }
    return problem
  }

  /// The equation as solvers see it, without further information.
  func plainAdjointProblem(adding e: Matrix<S>) -> FixedPointProblem<S> {
    FixedPointProblem(
      value: { pullBack($0, adding: e) },
      selecting: { selecting($0).plainAdjointProblem(adding: e.selectingRows($0)) })
  }

  /// `J d + r` as solvers see it, without further information.
  func plainTangentProblem(adding r: Matrix<S>) -> FixedPointProblem<S> {
    FixedPointProblem(
      value: { pushForward($0, adding: r) },
      selecting: { selecting($0).plainTangentProblem(adding: r.selectingRows($0)) })
  }

  /// The derivative for some of the samples, by their rows, which may repeat.
  func selecting(_ rows: [Int]) -> GroupDerivative {
    GroupDerivative(
      places: places, iterated: iterated, following: following, blocks: blocks,
      ports: ports.map { $0.map { $0.selectingRows(rows) } }, batch: rows.count)
  }

  /// `|Jᵀ|·|g| + |e|`, `[batch, N]`.
  func magnitudes(of g: Matrix<S>, adding e: Matrix<S>) -> Matrix<S> {
    magnitudes(of: g, adding: e, with: MagnitudeBlocks(of: self))
  }

  private func magnitudes(
    of g: Matrix<S>, adding e: Matrix<S>, with absolute: MagnitudeBlocks<S>
  ) -> Matrix<S> {
    var sums = [Matrix<S>?](repeating: nil, count: blocks.count)
    for (place, cotangent) in zip(iterated, split(e.magnitude)) { sums[place] = cotangent }
    func passBack(_ cotangent: Matrix<S>, from place: Int) {
      let s = blocks[place].propagatedBack(cotangent, at: ports[place])
      absolute.blocks[place].pullBack(s) { source, add in
        if case .node(let node) = source, let place = places[node] { add(&sums[place]) }
      }
    }
    for (place, cotangent) in zip(iterated, split(g.magnitude)) { passBack(cotangent, from: place) }
    for place in following.reversed() {
      if let cotangent = sums[place] { passBack(cotangent, from: place) }
    }
    return Matrix(sideBySide: iterated.map { sums[$0]! }, rows: batch)
  }
}

/// The point of the last evaluation of the transition, and its intermediate results.
final class LastEvaluation<S: Scalar> {
  var state = Matrix<S>(rows: 0, columns: 0)
  var value = Matrix<S>(rows: 0, columns: 0)
  var sweep: (ports: [[Matrix<S>]], values: [Matrix<S>?])?
}

/// Blocks with the magnitudes of their maps and offsets, computed on first use: most solves need them a few times, and
/// the weights should be copied only once.
private final class MagnitudeBlocks<S: Scalar> {
  private let make: () -> [Block<S>]
  lazy var blocks = make()

  init(of transition: GroupTransition<S>) {
    make = {
      zip(transition.blocks, transition.beginnings).map { block, beginning in
        var block = block
        block.terms = beginning.rest
        return block.entrywiseMagnitude
      }
    }
  }

  init(of derivative: GroupDerivative<S>) {
    make = { derivative.blocks.map(\.entrywiseMagnitude) }
  }
}

extension Matrix {
  /// The magnitudes of the entries.
  var magnitude: Matrix { Matrix(rows: rows, columns: columns, elements: magnitudes(elements)) }
}
