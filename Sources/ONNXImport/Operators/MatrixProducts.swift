import Blocks
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Products of matrices.
  static let matrixProducts: [String: OperatorHandler] = [
    "MatMul": .variable { node throws(ImportFailure) in
      try node.matrixProduct(node.input(0), node.input(1))
    },
    "Gemm": .variable(["alpha", "beta", "transA", "transB"]) { node throws(ImportFailure) in try node.gemm()
    },
  ]
}

extension NodeImport {
  /// `left · right` over the last two axes, with the axes before them broadcast, as in `numpy.matmul`.
  func matrixProduct(
    _ left: Value, _ right: Value, name: String? = nil
  ) throws(ImportFailure) -> Variable {
    if case .variable(let variable) = left, case .numbers(let numbers) = right, let weight = numbers.weight {
      return try linear(variable, weight, along: -1, name)
    }
    if case .numbers(let numbers) = left, case .variable(let variable) = right,
      let weight = numbers.transposedMatrix?.weight
    {
      return try linear(variable, weight, along: variable.layout.shape.count == 1 ? -1 : -2, name)
    }
    return try generalProduct(left, right, name)
  }

  /// A matrix applied along an axis of a variable; the matrix stays as it is in the file.
  package func linear(
    _ variable: Variable, _ weight: MatrixWeight, along axis: Int, _ name: String? = nil
  ) throws(ImportFailure) -> Variable {
    let layout = variable.layout
    let position = try layout.axis(axis)
    let dim = try layout.sampleAxis(axis, to: "sums over")
    guard layout.shape[position] == weight.inputs else {
      throw .refused("expected \(weight.inputs) along axis \(position), found shape \(layout.shape)")
    }
    let map: any LinearMap<Double>
    if layout.sampleShape.count == 1, !weight.isTransposed {
      map = try linearMap("matrix", from: layout.sampleShape, weight: weight.numbers.tensor)
    } else {
      map = try linearMap(
        "linear", from: layout.sampleShape,
        ["dim": .integers([dim]), "transposed": .flag(weight.isTransposed)], weight: weight.numbers.tensor)
    }
    var shape = layout.shape
    shape[position] = weight.outputs
    let term = Term(source: variable.source, map: map, parameter: weight.numbers.parameter)
    return try affine(
      Port(shape: map.outputShape, terms: [term]), layout.replacing(shape), named: name)
  }

  /// A product in which neither factor is a matrix from the file.
  private func generalProduct(_ left: Value, _ right: Value, _ name: String?) throws(ImportFailure)
    -> Variable
  {
    var (left, right) = (left, right)
    let (leftIsVector, rightIsVector) = (left.shape.count == 1, right.shape.count == 1)
    guard !left.shape.isEmpty, !right.shape.isEmpty else {
      throw .refused("expected vectors or matrices, found a single number")
    }
    if leftIsVector { left = .variable(try inserted([0], in: variable(left))) }
    if rightIsVector { right = .variable(try inserted([1], in: variable(right))) }
    let (a, b) = (try left.layout(), try right.layout())
    let (rows, columns) = (a.shape[a.shape.count - 2], b.shape[b.shape.count - 1])
    let inner = a.shape[a.shape.count - 1]
    guard b.shape[b.shape.count - 2] == inner else {
      throw .refused("expected shapes of a matrix product, found \(a.shape) and \(b.shape)")
    }
    if let behind = a.axesBehindBatch, behind == 1, b.batch == nil, !a.isMerged {
      // Each row is a sample.
      return try rowProduct(left, right, name)
    }
    guard [a, b].allSatisfy({ $0.axesBehindBatch ?? 2 >= 2 }) else {
      throw .mixesBatch("multiplies matrices that have the batch axis as rows or columns")
    }
    let leading = try TensorLayout.broadcast([
      a.replacing(a.shape.dropLast(2) + [1, 1]),
      b.replacing(b.shape.dropLast(2) + [1, 1]),
    ])
    let before = leading.shape.dropLast(2)
    let ports = [
      try port(left, over: leading.replacing(before + [rows, inner])),
      try port(right, over: leading.replacing(before + [inner, columns])),
    ]
    let product = try block(
      name, nonlinearity("matmul"), ports, leading.replacing(before + [rows, columns]))
    var removed: [Int] = []
    if leftIsVector { removed.append(product.layout.shape.count - 2) }
    if rightIsVector { removed.append(product.layout.shape.count - 1) }
    return try self.removed(removed, from: product)
  }

  /// `[batch, k] · [k, n]` with a right factor that does not depend on the input.
  private func rowProduct(_ left: Value, _ right: Value, _ name: String?) throws(ImportFailure) -> Variable {
    let rows = try variable(left)
    var axes = rows.layout.shape
    axes.insert(1, at: axes.count - 1)
    let single = Variable(
      source: rows.source, layout: try rows.layout.replacing(axes))
    guard axes.count == 3 else {
      throw .mixesBatch("multiplies matrices that have the batch axis as rows")
    }
    let product = try generalProduct(.variable(single), right, name)
    return try removed([product.layout.shape.count - 2], from: product)
  }

  /// `alpha A' B' + beta C`.
  func gemm() throws(ImportFailure) -> Variable {
    let (alpha, beta) = (try number("alpha") ?? 1, try number("beta") ?? 1)
    let left = try gemmFactor(0, isTransposed: try integer("transA") ?? 0 != 0)
    let right = try gemmFactor(1, isTransposed: try integer("transB") ?? 0 != 0)
    guard left.shape.count == 2, right.shape.count == 2 else {
      throw .refused("expected matrices, found shapes \(left.shape) and \(right.shape)")
    }
    guard alpha != 1 || hasInput(2) else { return try matrixProduct(left, right) }
    var result = try matrixProduct(left, right, name: "\(name)/product")
    if alpha != 1 { result = try scaled(result, by: alpha, suffix: hasInput(2) ? "scaled" : nil) }
    guard hasInput(2) else { return result }
    let added = try input(2)
    guard try TensorLayout.broadcast([result.layout, added.layout()]) == result.layout else {
      throw .refused(
        "expected a summand that broadcasts to \(result.layout.shape), found shape \(added.shape)")
    }
    return try affine(
      port(result).adding(port(added, over: result.layout, factor: beta)), result.layout)
  }

  private func gemmFactor(_ index: Int, isTransposed: Bool) throws(ImportFailure) -> Value {
    let value = try input(index)
    return isTransposed ? try transposed(value, [1, 0], suffix: index == 0 ? "A" : "B") : value
  }
}

/// A matrix from the file as the weight of a linear map `x ↦ W x` or, transposed, `x ↦ Wᵀ x`.
package struct MatrixWeight {
  package let numbers: Numbers
  /// Whether the tensor is `[inputs, outputs]`.
  package let isTransposed: Bool

  package var inputs: Int { numbers.tensor.shape[isTransposed ? 0 : 1] }
  package var outputs: Int { numbers.tensor.shape[isTransposed ? 1 : 0] }
}

extension Numbers {
  /// The weight of `x ↦ x · self`; nil if this is not a matrix in its own shape or transposed.
  fileprivate var weight: MatrixWeight? {
    guard shape.count == 2, tensor.shape.count == 2, isOwnShape || isTransposed else { return nil }
    return MatrixWeight(numbers: self, isTransposed: !isTransposed)
  }
}
