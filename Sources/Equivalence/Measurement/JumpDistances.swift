import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// How far the arguments of a model's nonlinearities are from where these jump, one matrix `[batch, size]` for each
/// block that may jump and whose value depends on the input. In a block that does not depend on it, the perturbed
/// numbers of the model show what a jump changes.
struct JumpDistances {
  fileprivate var blocks: [Matrix<Double>] = []

  /// Adds the distances of the blocks in their order.
  ///
  /// - Parameters:
  ///   - blocks: The blocks that may jump.
  ///   - value: The value of every source, `[batch, size]`.
  fileprivate mutating func add<S: Scalar>(
    _ blocks: [Block<S>], batch: Int, reading value: (Source) -> Matrix<S>
  ) {
    for block in blocks {
      let ports = block.preactivations(batch: batch, reading: value)
      let elements = ports[0].elements.indices.map { index in
        block.nonlinearity.jumpDistance(ports.map { Double($0.elements[index]) })
      }
      self.blocks.append(Matrix(rows: batch, columns: ports[0].columns, elements: elements))
    }
  }
}

/// The distances from jumps, and their rounding, on several inputs near each sample.
struct JumpStatistics {
  /// For each block the largest distance of each coordinate, and its largest rounding.
  private var blocks: [(distance: Matrix<Double>, rounding: Matrix<Double>)] = []

  /// Adds one input near each sample.
  ///
  /// - Parameter moved: The distances of the same model with every number changed by a few units in its last place, which
  ///   show the rounding of each distance. A coordinate that does not move has none.
  mutating func add(_ own: JumpDistances, moved: JumpDistances) {
    if blocks.isEmpty { blocks = own.blocks.map { ($0.zeros, $0.zeros) } }
    for (block, (own, moved)) in zip(own.blocks, moved.blocks).enumerated() {
      for index in own.elements.indices {
        let (distance, other) = (own.elements[index], moved.elements[index])
        // Not a number where the argument is none; that is at no jump.
        blocks[block].distance.elements[index] = max(blocks[block].distance.elements[index], distance)
        blocks[block].rounding.elements[index] = max(
          blocks[block].rounding.elements[index], abs(distance - other))
      }
    }
  }

  /// Whether some coordinate of a sample is within its rounding of a jump on every input: exact arithmetic may take it to
  /// the other side of the jump, or onto it, where a function such as `equal` has a value that no nearby argument shows.
  /// On a single input an argument may come close by chance.
  func isAtJump(_ sample: Int) -> Bool {
    blocks.contains { block in
      zip(block.distance.row(sample), block.rounding.row(sample)).contains { distance, rounding in
        rounding > 0 && rounding.isFinite && distance <= RoundingLevel.multiple * rounding
      }
    }
  }
}

extension Matrix<Double> {
  /// Zeros of the same size.
  fileprivate var zeros: Matrix { Matrix(rows: rows, columns: columns) }
}

extension EquilibriumModel {
  /// The blocks that may jump and depend on the input.
  fileprivate var jumpingBlocks: [Block<S>] {
    let isDependent = dependence(of: blocks.map { $0.terms.map(\.source) })
    return zip(blocks, isDependent).filter { !$0.nonlinearity.isContinuous && $1 }.map(\.0)
  }

  fileprivate func addJumpDistances(of solution: EquilibriumSolution<S>, to distances: inout JumpDistances) {
    distances.add(jumpingBlocks, batch: solution.input.rows) { source in
      switch source {
      case .input: solution.input
      case .node(let node): solution.state[node]
      }
    }
  }
}

extension Network {
  /// Whether a layer may jump whose value depends on the input.
  fileprivate var mayJump: Bool {
    layers.contains { layer in
      switch layer {
      case .explicit(let block): !block.nonlinearity.isContinuous
      case .implicit(let layer): !layer.model.jumpingBlocks.isEmpty
      }
    }
  }

  fileprivate func addJumpDistances(of pass: ForwardPass<S>, to distances: inout JumpDistances) {
    let isDependent = dependence(
      of: layers.map { layer in
        switch layer {
        case .explicit(let block): block.terms.map(\.source)
        case .implicit(let layer): [layer.source]
        }
      })
    var solutions = pass.solutions[...]
    for (index, layer) in layers.enumerated() {
      switch layer {
      case .explicit(let block):
        guard !block.nonlinearity.isContinuous, isDependent[index] else { continue }
        distances.add([block], batch: pass.input.rows) { source in
          switch source {
          case .input: pass.input
          case .node(let node): pass.values[node]
          }
        }
      case .implicit(let layer):
        let solution = solutions.removeFirst()
        if isDependent[index] { layer.model.addJumpDistances(of: solution, to: &distances) }
      }
    }
  }
}

/// Whether each node depends on the input, given what each reads.
private func dependence(of sources: [[Source]]) -> [Bool] {
  var isDependent = sources.map { $0.contains(.input) }
  var hasChanged = true
  while hasChanged {
    hasChanged = false
    for (node, read) in sources.enumerated() where !isDependent[node] {
      let depends = read.contains { if case .node(let source) = $0 { isDependent[source] } else { true } }
      if depends { (isDependent[node], hasChanged) = (true, true) }
    }
  }
  return isDependent
}

extension JudgedModel {
  /// Whether the model has a nonlinearity that jumps.
  var mayJump: Bool {
    switch self {
    case .network(let network): network.mayJump
    case .equilibrium(let model): !model.jumpingBlocks.isEmpty
    }
  }
}

extension Side {
  /// The distances from jumps on a batch of any number of samples, in the order of the samples' passes.
  func jumpDistances(_ x: Matrix<S>, in passes: SamplePasses) -> JumpDistances {
    var all = JumpDistances()
    for range in passes.ranges(of: x.rows) {
      let part = forward(x.rows(range), keeping: .everything).jumpDistances
      if all.blocks.isEmpty {
        all = part
      } else {
        for index in all.blocks.indices {
          let columns = all.blocks[index].columns
          all.blocks[index] = Matrix(below: [all.blocks[index], part.blocks[index]], columns: columns)
        }
      }
    }
    return all
  }
}

extension ForwardValues {
  /// The distances from jumps.
  ///
  /// - Precondition: Everything was kept.
  fileprivate var jumpDistances: JumpDistances {
    var distances = JumpDistances()
    switch trace {
    case .network(let network, let pass): network.addJumpDistances(of: pass, to: &distances)
    case .equilibrium(let model, let solution): model.addJumpDistances(of: solution, to: &distances)
    case nil: preconditionFailure("distances of values that were not kept")
    }
    return distances
  }
}
