import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// Networks of an equilibrium layer, `core`, and a dense read-out.
extension Recipe {
  /// Rows of W_z sum to at most this.
  private static let contraction = 0.9

  static func deq(_ draws: DyadicDraws, _ size: TestModelSize) -> Network<Double> {
    var recipe = Recipe(draws: draws, size: size, inputShape: [max(2, size.width / 2)])
    let activation: any Nonlinearity = recipe.draws.element(of: [Tanh(), ReLU()])
    let weight = DenseMap(recipe.draws.weight([size.width, size.width], inputs: size.width))
    return recipe.network(of: recipe.dense(weight.scaled(rowSumsTo: contraction), activation))
  }

  static func mondeq(_ draws: DyadicDraws, _ size: TestModelSize) -> Network<Double> {
    var recipe = Recipe(draws: draws, size: size, inputShape: [max(2, size.width / 2)])
    let (width, monotonicity) = (size.width, 0.25)
    // Multiples of 2⁻⁵, so that the products are multiples of 2⁻¹⁰.
    let bound = (3 / Double(width)).squareRoot()
    let a = recipe.draws.numbers(width * width, within: bound).map { ($0 * 32).rounded() / 32 }
    let b = recipe.draws.numbers(width * width, within: bound).map { ($0 * 32).rounded() / 32 }
    var weight = Matrix<Double>(rows: width, columns: width)
    for row in 0..<width {
      for column in 0..<width {
        let product = (0..<width).reduce(0) { $0 + a[$1 * width + row] * a[$1 * width + column] }
        weight.elements[row * width + column] =
          (row == column ? 1 - monotonicity : 0) - product + b[row * width + column] - b[column * width + row]
      }
    }
    return recipe.network(of: recipe.dense(DenseMap(weight), ReLU()))
  }

  static func multiscale(_ draws: DyadicDraws, _ size: TestModelSize) -> Network<Double> {
    let channels = size.channels
    var recipe = Recipe(draws: draws, size: size, inputShape: [1, 4, 4])
    let activation: any Nonlinearity = recipe.draws.element(of: [Tanh(), ReLU()])
    let shapes = [4, 2, 1].map { [channels, $0, $0] }
    let blocks = shapes.indices.map { scale in
      let neighbours = shapes.indices.filter { abs($0 - scale) <= 1 }
      var terms: [Term<Double>] = []
      var injection: any LinearMap<Double> = IdentityMap(shapes[scale])
      if scale == 0 {
        injection = try! Convolution<Double>(
          inputShape: recipe.inputShape, weight: recipe.draws.weight([channels, 1, 3, 3], inputs: 9),
          padding: 1)
        terms.append(Term(source: .input, map: injection, parameter: "U"))
      }
      for neighbour in neighbours {
        let map = recipe.map(from: shapes[neighbour], to: shapes[scale])
        terms.append(
          Term(
            source: .node(neighbour), map: bounded(map, by: contraction / Double(neighbours.count)),
            parameter: "W\(scale + 1)\(neighbour + 1)"))
      }
      let spread = try! Expand<Double>(inputShape: [channels], shape: shapes[scale], dim: 0)
      return Block(
        name: "z\(scale + 1)", shape: shapes[scale], nonlinearity: activation, terms: terms,
        offsets: [Offset(tensor: recipe.draws.tensor([channels]), map: spread, parameter: "b\(scale + 1)")])
    }
    return recipe.network(of: blocks)
  }

  /// The map between scales: a convolution, one with a stride of 2, or a transposed one.
  private mutating func map(from source: [Int], to target: [Int]) -> any LinearMap<Double> {
    let channels = source[0]
    if target[1] > source[1] {
      return try! TransposedConvolution<Double>(
        inputShape: source, weight: draws.weight([channels, channels, 2, 2], inputs: channels), stride: 2)
    }
    return try! Convolution<Double>(
      inputShape: source, weight: draws.weight([channels, channels, 3, 3], inputs: 9 * channels),
      stride: target[1] < source[1] ? 2 : 1, padding: 1)
  }

  /// The block `z = σ(W z + U x + b)`.
  private mutating func dense(_ weight: DenseMap<Double>, _ activation: any Nonlinearity) -> [Block<Double>] {
    let (width, inputs) = (size.width, inputShape[0])
    return [
      Block(
        name: "z", size: width, nonlinearity: activation,
        terms: [
          Term(source: .input, map: DenseMap(draws.weight([width, inputs], inputs: inputs)), parameter: "U"),
          Term(source: .node(0), map: weight, parameter: "W"),
        ], offsets: [Offset(tensor: draws.tensor([width]), parameter: "b")])
    ]
  }

  /// The network of an equilibrium layer, whose value is the first block, and a dense layer on it.
  private mutating func network(of blocks: [Block<Double>]) -> Network<Double> {
    let model = try! EquilibriumModel(inputShape: inputShape, blocks: blocks, output: 0)
    let core = append(.implicit(try! ImplicitLayer(name: "core", source: .input, model: model)))
    _ = dense("readout", 3, of: core)
    return network()
  }
}

/// The map with row sums of at most `bound`.
private func bounded(_ map: some LinearMap<Double>, by bound: Double) -> any LinearMap<Double> {
  map.scaled(rowSumsTo: bound)
}
