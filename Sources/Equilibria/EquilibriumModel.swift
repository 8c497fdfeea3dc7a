import Blocks
import LinearAlgebra
import Operators

/// How a model is written in a file, and how its gradients are named.
public enum ModelForm: Sendable {
  /// Entry by entry.
  case blocks
  /// As the theorem writes it: whole `W_z`, `W_x` and `b`.
  case matrix
}

/// A deep equilibrium model `z = φ(W_z z + W_x x + b)`, block by block (Theory, "Equilibrium models").
///
/// `W_z`, `W_x` and `b` are not stored as matrices: each block lists its own rows of them, as terms and offsets. A term
/// that reads `.node(j)` is an entry of `W_z` in the columns of block j; one that reads `.input` is an entry of `W_x`.
/// Whole matrices are a view (`EquilibriumModel+Matrices.swift`). Blocks may be in any order.
public struct EquilibriumModel<S: Scalar>: Sendable {
  /// The shape of one sample of the input.
  public let inputShape: [Int]
  /// The blocks; their order is the order of the state's coordinates.
  public let blocks: [Block<S>]
  /// The position of the read-out block.
  public let output: Int
  /// How the model is written.
  public var form: ModelForm
  /// The names and shapes of the tensors of which the input and the output consist.
  public let signature: ModelSignature
  /// The dependency graph's strongly connected components, each after all components that it reads.
  public let groups: [DependencyGroup]

  /// A model of these blocks.
  ///
  /// - Throws: `InvalidModel` where sizes do not match, names are repeated, or a source does not exist.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(
    inputShape: [Int], blocks: [Block<S>], output: Int, form: ModelForm = .blocks,
    signature: ModelSignature = .unnamed
  ) throws(InvalidModel) {
    try validateNames(blocks.map(\.name), of: "block")
    let sizes = blocks.map(\.size)
    for block in blocks { try block.validate(inputSize: inputShape.reduce(1, *), sizes: sizes) }
    guard blocks.indices.contains(output) else {
      throw InvalidModel("output: expected one of \(blocks.count) blocks, found position \(output)")
    }
    try validateParameters(of: blocks)
    if let problem = signature.problem(inputSize: inputShape.reduce(1, *), outputSize: sizes[output]) {
      throw InvalidModel(problem)
    }
    self.inputShape = inputShape
    self.blocks = blocks
    self.output = output
    self.form = form
    self.signature = signature
    self.groups = dependencyGroups(of: blocks)
  }

  /// The number of input coordinates.
  public var inputSize: Int { inputShape.reduce(1, *) }

  /// The number of state coordinates, N.
  public var stateSize: Int { blocks.reduce(0) { $0 + $1.size } }

  /// The shape of one sample of the output.
  public var outputShape: [Int] { blocks[output].shape }

  /// The number of output coordinates.
  public var outputSize: Int { blocks[output].size }

  /// The same model in another precision, every number rounded to nearest.
  public func cast<T: Scalar>(to type: T.Type) -> EquilibriumModel<T> {
    if let same = self as? EquilibriumModel<T> { return same }
    return EquilibriumModel<T>(
      unchecked: inputShape, blocks: blocks.map { $0.cast(to: type) }, output: output, form: form,
      groups: groups, signature: signature)
  }

  fileprivate init(
    unchecked inputShape: [Int], blocks: [Block<S>], output: Int, form: ModelForm, groups: [DependencyGroup],
    signature: ModelSignature
  ) {
    self.inputShape = inputShape
    self.blocks = blocks
    self.output = output
    self.form = form
    self.groups = groups
    self.signature = signature
  }
}

/// A model that contradicts itself; the description is one line that names the place.
public struct InvalidModel: Error, CustomStringConvertible {
  /// Where, what was expected and what was found.
  public let description: String

  /// The error with this text.
  public init(_ description: String) {
    self.description = description
  }
}
