import Blocks
import LinearAlgebra
import Networks
import Operators

/// Elementwise functions in other words: each rewrites the layer at a position, whose function was put there before.
extension Rewriter {
  /// One function of a value as a layer of its own.
  package mutating func apply(
    _ function: any Nonlinearity, to source: Source, _ shape: [Int], times factor: Double = 1,
    plus constant: Double? = nil
  ) -> Source {
    append(
      type(of: function).typeName, shape, function, [(source, multiple(shape, factor))],
      offset: constant.map { [Double](repeating: $0, count: shape.reduce(1, *)) })
  }

  private func multiple(_ shape: [Int], _ factor: Double) -> any LinearMap<Double> {
    factor == 1 ? IdentityMap(shape) : Multiply(shape, factor: factor)
  }

  /// The block as a function of two values.
  private func pair(
    _ block: Block<Double>, _ function: any Nonlinearity, _ first: Source, _ second: Source
  ) -> Block<Double> {
    block.with(
      function, portShapes: [block.shape, block.shape],
      terms: [
        Term(source: first, map: IdentityMap(block.shape)),
        Term(port: 1, source: second, map: IdentityMap(block.shape)),
      ])
  }

  /// The block as a sum of multiples of values, and a constant.
  private func sum(
    _ block: Block<Double>, _ summands: [(Source, Double)], plus constant: Double? = nil
  ) -> Block<Double> {
    block.with(
      Identity(), portShapes: [block.shape],
      terms: summands.map { Term(source: $0.0, map: multiple(block.shape, $0.1)) },
      offsets: constant.map { [Offset(vector: [Double](repeating: $0, count: block.size))] } ?? [])
  }

  /// The block with a second port that holds one number everywhere.
  private func withConstantPort(
    _ block: Block<Double>, _ function: any Nonlinearity, _ number: Double
  ) -> Block<Double> {
    let constant = Offset(port: 1, vector: [Double](repeating: number, count: block.size))
    return block.with(
      function, portShapes: [block.portShapes[0], block.portShapes[0]], terms: block.terms,
      offsets: block.offsets + [constant])
  }

  mutating func respellReLU(_ index: Int, _ block: Block<Double>) {
    let other: Block<Double>
    switch draws.integer(0...6) {
    case 0: other = block.with(LeakyReLU(negativeSlope: 0))
    case 1: other = block.with(try! Clamp(minimum: 0))
    case 2: other = block.with(Threshold(threshold: 0, replacement: 0))
    case 3: other = withConstantPort(block, Maximum(), 0)
    case 4: other = withConstantPort(block, PReLU(), 0)
    case 5: other = block.with(ELU(alpha: 0))
    default:
      // relu(x) = (x + |x|) / 2
      let read = preactivation(of: block, port: 0)
      let magnitude = apply(AbsoluteValue(), to: read, block.shape)
      other = sum(block, [(read, 0.5), (magnitude, 0.5)])
    }
    replace(index, by: other)
  }

  mutating func respellLeakyReLU(_ index: Int, _ block: Block<Double>) {
    guard let function = block.nonlinearity as? LeakyReLU else { preconditionFailure() }
    replace(index, by: withConstantPort(block, PReLU(), function.negativeSlope))
  }

  mutating func respellClamp(_ index: Int, _ block: Block<Double>) {
    let functions: [any Nonlinearity] = [
      ReLU6(), try! Clamp(minimum: 0, maximum: 6), try! HardTanh(minimum: 0, maximum: 6),
    ]
    replace(
      index,
      by: block.with(draws.element(of: functions.filter { !$0.isIdentical(to: block.nonlinearity) })))
  }

  mutating func decomposeSiLU(_ index: Int, _ block: Block<Double>) {
    let read = preactivation(of: block, port: 0)
    let gate = apply(Sigmoid(), to: read, block.shape)
    replace(index, by: pair(block, Product(), read, gate))
  }

  /// `clamp(x + 3, 0, 6) / 6` as a layer like `block`.
  private mutating func hardSigmoid(of read: Source, like block: Block<Double>) -> Block<Double> {
    let ramp = apply(ReLU6(), to: read, block.shape, plus: 3)
    return withConstantPort(
      block.with(
        Identity(), portShapes: [block.shape], terms: [Term(source: ramp, map: IdentityMap(block.shape))]),
      Quotient(), 6)
  }

  mutating func decomposeHardSigmoid(_ index: Int, _ block: Block<Double>) {
    let read = preactivation(of: block, port: 0)
    replace(index, by: hardSigmoid(of: read, like: block))
  }

  mutating func decomposeHardSwish(_ index: Int, _ block: Block<Double>) {
    let read = preactivation(of: block, port: 0)
    let gate =
      draws.chance(0.5)
      ? apply(HardSigmoid(), to: read, block.shape) : append(hardSigmoid(of: read, like: block))
    replace(index, by: pair(block, Product(), read, gate))
  }

  mutating func respellELU(_ index: Int, _ block: Block<Double>) {
    switch block.nonlinearity {
    case is SELU:
      let elu = append(block.with(ELU(alpha: 1.6732632423543772)))
      replace(index, by: sum(block, [(elu, 1.0507009873554805)]))
    case is CELU: replace(index, by: block.with(ELU(alpha: 1)))
    default: replace(index, by: block.with(try! CELU(alpha: 1)))
    }
  }

  mutating func decomposeSoftplus(_ index: Int, _ block: Block<Double>) {
    let read = preactivation(of: block, port: 0)
    let softplus = try! Softplus(threshold: .infinity)
    switch block.nonlinearity {
    case is Mish:
      let plus = apply(softplus, to: read, block.shape)
      let gate = apply(Tanh(), to: plus, block.shape)
      replace(index, by: pair(block, Product(), read, gate))
    case is LogSigmoid:
      replace(index, by: sum(block, [(apply(softplus, to: read, block.shape, times: -1), -1)]))
    default:
      // softplus of beta 2
      replace(index, by: sum(block, [(apply(softplus, to: read, block.shape, times: 2), 0.5)]))
    }
  }

  mutating func decomposeTanh(_ index: Int, _ block: Block<Double>) {
    let read = preactivation(of: block, port: 0)
    if block.nonlinearity is Sigmoid {
      let tanh = apply(Tanh(), to: read, block.shape, times: 0.5)
      replace(index, by: sum(block, [(tanh, 0.5)], plus: 0.5))
    } else {
      let tanh = apply(Tanh(), to: read, block.shape)
      replace(index, by: sum(block, [(read, 1), (tanh, -1)]))
    }
  }

  mutating func decomposeSoftsign(_ index: Int, _ block: Block<Double>) {
    let read = preactivation(of: block, port: 0)
    let magnitude = apply(AbsoluteValue(), to: read, block.shape)
    var quotient = pair(block, Quotient(), read, magnitude)
    quotient.offsets = [Offset(port: 1, vector: [Double](repeating: 1, count: block.size))]
    replace(index, by: quotient)
  }

  mutating func decomposeSoftshrink(_ index: Int, _ block: Block<Double>) {
    guard let lambda = (block.nonlinearity as? Softshrink)?.lambda else { preconditionFailure() }
    let read = preactivation(of: block, port: 0)
    let above = apply(ReLU(), to: read, block.shape, plus: -lambda)
    let below = apply(ReLU(), to: read, block.shape, times: -1, plus: -lambda)
    replace(index, by: sum(block, [(above, 1), (below, -1)]))
  }

  mutating func decomposeAbsolute(_ index: Int, _ block: Block<Double>) {
    let read = preactivation(of: block, port: 0)
    let above = apply(ReLU(), to: read, block.shape)
    let below = apply(ReLU(), to: read, block.shape, times: -1)
    replace(index, by: sum(block, [(above, 1), (below, 1)]))
  }

  mutating func respellPower(_ index: Int, _ block: Block<Double>) {
    guard let exponent = (block.nonlinearity as? Pow)?.exponent else { preconditionFailure() }
    switch exponent {
    case 0.5: replace(index, by: block.with(SquareRoot()))
    case -1: replace(index, by: block.with(Reciprocal()))
    case -0.5:
      replace(
        index,
        by: block.with(
          Reciprocal(), portShapes: [block.shape],
          terms: [
            Term(source: append(block.with(SquareRoot())), map: IdentityMap(block.shape))
          ]))
    default:
      let read = preactivation(of: block, port: 0)
      let square = append(pair(block, Product(), read, read))
      if exponent == 2 {
        replace(index, by: sum(block, [(square, 1)]))
      } else {
        replace(index, by: pair(block, Product(), square, read))
      }
    }
  }

  /// `max(p, q) = q + relu(p − q)`.
  mutating func decomposeMaximum(_ index: Int, _ block: Block<Double>) {
    let (p, q) = (preactivation(of: block, port: 0), preactivation(of: block, port: 1))
    let excess = append(
      "excess", block.shape, ReLU(), [(p, IdentityMap(block.shape)), (q, multiple(block.shape, -1))])
    replace(index, by: sum(block, [(q, 1), (excess, 1)]))
  }

  /// A function f by −g(−p), for whichever g that is true of.
  mutating func negateExtreme(_ index: Int, _ block: Block<Double>) {
    let other: any Nonlinearity
    switch block.nonlinearity {
    case is Minimum: other = Maximum()
    case is Maximum: other = Minimum()
    case is Ceiling: other = Floor()
    case is Floor: other = Ceiling()
    case is SmallestElement: other = try! LargestElement(attributes: block.nonlinearity.attributes)
    default: other = try! SmallestElement(attributes: block.nonlinearity.attributes)
    }
    let terms = block.portShapes.indices.map { port in
      Term<Double>(
        port: port, source: preactivation(of: block, port: port),
        map: Multiply(block.portShapes[port], factor: -1))
    }
    let negative = append(block.with(other, portShapes: block.portShapes, terms: terms))
    replace(index, by: sum(block, [(negative, -1)]))
  }

  /// `p > q = 1 − (q ≥ p)` and `p ≥ q = 1 − (q > p)`.
  mutating func swapComparison(_ index: Int, _ block: Block<Double>) {
    let (p, q) = (preactivation(of: block, port: 0), preactivation(of: block, port: 1))
    let other: any Nonlinearity = block.nonlinearity is Greater ? GreaterOrEqual() : Greater()
    let opposite = append(pair(block, other, q, p))
    replace(index, by: sum(block, [(opposite, -1)], plus: 1))
  }
}
