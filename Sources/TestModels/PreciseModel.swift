import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// An equilibrium model for evaluation in double-double arithmetic, one sample at a time: every linear map as its
/// entries, every nonlinearity by `PreciseNonlinearity`.
struct PreciseModel {
  typealias Vector = [DoubleDouble]

  /// An entry of a map: `port[row] += weight · source[column]`, the weight being `factor` times an element of a
  /// parameter.
  private struct Entry {
    let row: Int
    let column: Int
    let factor: DoubleDouble
    let element: Int?
    let weight: DoubleDouble
  }

  /// A summand of a port: the entries of a term, or of the map of an offset, which reads its tensor.
  private struct Summand {
    let port: Int
    let source: Source?
    let parameter: String?
    let shape: [Int]
    let tensor: Vector
    let entries: [Entry]
  }

  let model: EquilibriumModel<Double>
  private let summands: [[Summand]]

  init(_ model: EquilibriumModel<Double>) {
    self.model = model
    summands = model.blocks.map { block in
      block.terms.map { term in
        Summand(
          port: term.port, source: term.source, parameter: term.parameter,
          shape: term.map.parameterShape ?? [], tensor: [], entries: Self.entries(of: term.map))
      }
        + block.offsets.map { offset in
          let map: any LinearMap<Double> = offset.map ?? IdentityMap([offset.tensor.count])
          return Summand(
            port: offset.port, source: nil, parameter: offset.parameter, shape: offset.tensor.shape,
            tensor: offset.tensor.elements.map(DoubleDouble.init), entries: Self.entries(of: map))
        }
    }
  }

  private static func entries(of map: any LinearMap<Double>) -> [Entry] {
    let parameter = map.parameter?.elements ?? []
    return (0..<map.outputSize).flatMap { row in
      var entries: [Entry] = []
      map.forEachSummand(inRow: row) { summand in
        let factor = DoubleDouble(summand.factor) / DoubleDouble(Double(summand.divisor))
        let weight = summand.element.map { factor * DoubleDouble(parameter[$0]) } ?? factor
        entries.append(
          Entry(
            row: row, column: summand.column, factor: factor, element: summand.element, weight: weight))
      }
      return entries
    }
  }

  private func nonlinearity(of block: Int) -> any PreciseNonlinearity {
    guard let nonlinearity = model.blocks[block].nonlinearity as? any PreciseNonlinearity else {
      preconditionFailure("a recipe with a nonlinearity that has no precise form")
    }
    return nonlinearity
  }

  /// The ports of a block.
  func ports(of block: Int, state: [Vector], input: Vector) -> [Vector] {
    var ports = model.blocks[block].portSizes.map { Vector(repeating: DoubleDouble(0), count: $0) }
    for summand in summands[block] {
      let read = value(of: summand, state: state, input: input)
      for entry in summand.entries { ports[summand.port][entry.row] += entry.weight * read[entry.column] }
    }
    return ports
  }

  private func value(of summand: Summand, state: [Vector], input: Vector) -> Vector {
    switch summand.source {
    case .input: input
    case .node(let index): state[index]
    case nil: summand.tensor
    }
  }

  /// The value of a block.
  func value(of block: Int, at ports: [Vector]) -> Vector {
    nonlinearity(of: block).precise(at: ports, shapes: model.blocks[block].portShapes)
  }

  /// f(z, x).
  func transition(_ state: [Vector], input: Vector) -> [Vector] {
    model.blocks.indices.map { value(of: $0, at: ports(of: $0, state: state, input: input)) }
  }

  /// The smallest distance of a block's ports from a kink, at a state.
  func distanceToKink(_ state: [Vector], input: Vector) -> Double {
    model.blocks.indices.map { block in
      nonlinearity(of: block).distanceToKink(
        at: ports(of: block, state: state, input: input), shapes: model.blocks[block].portShapes)
    }.min() ?? .infinity
  }

  /// The cotangents of a block's ports, for one of its value.
  func portCotangents(of block: Int, _ g: Vector, state: [Vector], input: Vector) -> [Vector] {
    nonlinearity(of: block).pulledBack(
      g, at: ports(of: block, state: state, input: input), shapes: model.blocks[block].portShapes)
  }

  /// Adds Aᵀ s of every term of a block to the cotangents of what it reads.
  func pullBack(
    _ s: [Vector], of block: Int, into cotangents: inout [Vector], input: inout Vector
  ) {
    for summand in summands[block] {
      for entry in summand.entries {
        let product = entry.weight * s[summand.port][entry.row]
        switch summand.source {
        case .input: input[entry.column] += product
        case .node(let index): cotangents[index][entry.column] += product
        case nil: break
        }
      }
    }
  }

  /// Adds a block's part of the gradients of parameters, for the cotangents of its ports.
  func addGradients(
    _ s: [Vector], of block: Int, state: [Vector], input: Vector,
    to gradients: inout [String: (shape: [Int], elements: Vector)]
  ) {
    for summand in summands[block] {
      guard let name = summand.parameter else { continue }
      let read = value(of: summand, state: state, input: input)
      let none = Vector(repeating: DoubleDouble(0), count: summand.shape.reduce(1, *))
      var elements = gradients[name]?.elements ?? none
      for entry in summand.entries {
        let product = entry.factor * s[summand.port][entry.row]
        if summand.source == nil {
          elements[entry.column] += product
        } else if let element = entry.element {
          elements[element] += product * read[entry.column]
        }
      }
      gradients[name] = (summand.shape, elements)
    }
  }

  /// The names of parameters, in the order of the model.
  var parameterNames: [String] {
    var seen: Set<String> = []
    return summands.joined().compactMap(\.parameter).filter { seen.insert($0).inserted }
  }

  /// An upper bound on what rounding does to a coordinate of f(z, x): every summand and every step of a nonlinearity
  /// counts, at the magnitude of what is summed.
  func roundingOfTransition(_ state: [Vector], input: Vector) -> Double {
    var worst = 0.0
    for block in summands.indices {
      var sums = model.blocks[block].portSizes.map { [Double](repeating: 0, count: $0) }
      var counts = sums
      for summand in summands[block] {
        let read = value(of: summand, state: state, input: input)
        for entry in summand.entries {
          sums[summand.port][entry.row] += abs(entry.weight.high * read[entry.column].high)
          counts[summand.port][entry.row] += 2
        }
      }
      for (sums, counts) in zip(sums, counts) {
        for (sum, count) in zip(sums, counts) {
          worst = max(worst, (sum + 1) * (count + Self.stepsOfNonlinearity))
        }
      }
    }
    return worst * DoubleDouble.roundingError
  }

  /// More steps than any nonlinearity here takes between a port and its value, halvings of exponentials counted by what
  /// they do to errors.
  private static let stepsOfNonlinearity = 2048.0
}
