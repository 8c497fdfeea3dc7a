import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// The equations of a model as bare numbers, evaluated by nested loops: what the tests believe instead of the
/// product's own arithmetic.
public struct PlainModel {
  /// A dense matrix and what it reads: a block's position, or −1 for the input.
  package struct Part {
    package let source: Int
    package let rows: Int
    package let columns: Int
    package let numbers: [Double]
  }
  package struct Equation {
    package let size: Int
    package let activation: any Nonlinearity
    package let parts: [Part]
    package let constant: [Double]
  }

  package let equations: [Equation]
  package let output: Int
  /// The blocks, each after what it reads as far as there is no cycle.
  private let order: [Int]
  private let isCyclic: Bool

  /// The equations of a model all of whose maps are dense matrices.
  public init(_ model: EquilibriumModel<Double>) {
    equations = model.blocks.map { Equation($0) }
    output = model.output
    (order, isCyclic) = Self.order(of: equations)
  }

  /// Depth first, what a block reads before the block.
  private static func order(of equations: [Equation]) -> ([Int], Bool) {
    var order: [Int] = []
    var state = [Int](repeating: 0, count: equations.count)
    var isCyclic = false
    for root in equations.indices where state[root] == 0 {
      var path = [(root, 0)]
      state[root] = 1
      while let (node, next) = path.last {
        let sources = equations[node].parts.map(\.source).filter { $0 >= 0 }
        if next == sources.count {
          state[node] = 2
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].1 += 1
        if state[sources[next]] == 0 {
          state[sources[next]] = 1
          path.append((sources[next], 0))
        } else if state[sources[next]] == 1 {
          isCyclic = true
        }
      }
    }
    return (order, isCyclic)
  }

  /// The state z = f(z, x) that sweeps over the blocks come to from zero; nil where they come to none.
  public func equilibrium(at x: [Double], sweeps: Int = 1_000) -> [[Double]]? {
    var z = equations.map { [Double](repeating: 0, count: $0.size) }
    for _ in 0..<sweeps {
      var (change, scale) = (0.0, 0.0)
      for index in order {
        let value = equations[index].value(z, x)
        for (old, new) in zip(z[index], value) {
          guard new.isFinite else { return nil }
          change = max(change, abs(new - old))
          scale = max(scale, abs(new))
        }
        z[index] = value
      }
      if !isCyclic || change <= 1e-14 * scale { return z }
    }
    return nil
  }

  /// The output at the equilibrium, or nil where there is none in reach.
  public func output(at x: [Double]) -> [Double]? {
    equilibrium(at: x)?[output]
  }

  /// f(z, x): every block from the old state.
  public func transition(_ z: [[Double]], at x: [Double]) -> [[Double]] {
    equations.map { $0.value(z, x) }
  }
}

extension PlainModel.Equation {
  package init(_ block: Block<Double>) {
    var constant = [Double](repeating: 0, count: block.size)
    for offset in block.offsets {
      for row in constant.indices { constant[row] += offset.vector[row] }
    }
    self.init(
      size: block.size, activation: block.nonlinearity,
      parts: block.terms.map { term in
        let weight = (term.map as! DenseMap<Double>).weight
        let source = if case .node(let index) = term.source { index } else { -1 }
        return PlainModel.Part(
          source: source, rows: weight.rows, columns: weight.columns, numbers: weight.elements)
      }, constant: constant)
  }

  func preactivation(_ z: [[Double]], _ x: [Double]) -> [Double] {
    var p = constant
    for part in parts {
      let read = part.source < 0 ? x : z[part.source]
      for row in 0..<part.rows {
        var sum = 0.0
        for column in 0..<part.columns { sum += part.numbers[row * part.columns + column] * read[column] }
        p[row] += sum
      }
    }
    return p
  }

  package func value(_ z: [[Double]], _ x: [Double]) -> [Double] {
    preactivation(z, x).map { plainActivation(activation, $0).value }
  }
}

/// A network evaluated layer by layer, by nested loops.
public struct PlainNetwork {
  package enum PlainLayer {
    case explicit(PlainModel.Equation)
    case implicit(PlainModel, source: Int)
  }
  package let layers: [PlainLayer]
  package let output: Int
  package let order: [Int]

  /// The layers of a network all of whose maps are dense matrices.
  public init(_ network: Network<Double>) {
    layers = network.layers.map { layer in
      switch layer {
      case .explicit(let block): .explicit(PlainModel.Equation(block))
      case .implicit(let implicit):
        .implicit(
          PlainModel(implicit.model),
          source: { if case .node(let index) = $0 { index } else { -1 } }(implicit.source))
      }
    }
    output = network.output
    order = network.order
  }

  /// The value of every layer, or nil where an implicit layer has no equilibrium in reach.
  public func values(at x: [Double]) -> [[Double]]? {
    var values = [[Double]](repeating: [], count: layers.count)
    for index in order {
      switch layers[index] {
      case .explicit(let equation): values[index] = equation.value(values, x)
      case .implicit(let model, let source):
        guard let value = model.output(at: source < 0 ? x : values[source]) else { return nil }
        values[index] = value
      }
    }
    return values
  }

  /// The output, or nil where an implicit layer has no equilibrium in reach.
  public func output(at x: [Double]) -> [Double]? {
    values(at: x)?[output]
  }
}

extension PlainNetwork {
  /// What backpropagation finds on one sample of an explicit network.
  public struct Backward {
    /// ∂ℓ/∂z of every layer.
    public var values: [[Double]]
    /// ∂ℓ/∂p of every layer.
    public var preactivations: [[Double]]
    /// ∂ℓ/∂x.
    public var input: [Double]
  }

  /// Backpropagation of `cotangent` on one sample, by nested loops; the layers are all explicit.
  public func backward(_ cotangent: [Double], at x: [Double]) -> Backward {
    let values = values(at: x)!
    var result = Backward(
      values: values.map { [Double](repeating: 0, count: $0.count) },
      preactivations: values.map { [Double](repeating: 0, count: $0.count) },
      input: [Double](repeating: 0, count: x.count))
    result.values[output] = cotangent
    for index in order.reversed() {
      guard case .explicit(let equation) = layers[index] else { fatalError("an implicit layer") }
      let p = equation.preactivation(values, x)
      let s = p.indices.map {
        plainActivation(equation.activation, p[$0]).derivative * result.values[index][$0]
      }
      result.preactivations[index] = s
      for part in equation.parts {
        for row in 0..<part.rows {
          for column in 0..<part.columns {
            let product = part.numbers[row * part.columns + column] * s[row]
            if part.source < 0 {
              result.input[column] += product
            } else {
              result.values[part.source][column] += product
            }
          }
        }
      }
    }
    return result
  }
}
