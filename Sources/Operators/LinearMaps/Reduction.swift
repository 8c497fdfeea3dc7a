import LinearAlgebra

/// The sum or the mean over axes, as in `torch.sum` and `torch.mean`; global average pooling is the mean over the
/// spatial axes.
public struct Reduction<S: Scalar>: LinearMap {
  public static var typeName: String { "reduce" }
  public static var hasParameter: Bool { false }
  public static var constantDescriptions: [ConstantDescription] {
    [
      ConstantDescription("function", default: "mean", oneOf: ["mean", "sum"]), .integers("axes"),
      .flag("keepdim", default: false),
    ]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  /// For each input coordinate the output coordinate that it adds to.
  private let targets: [Int]
  private let share: S

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    var axes: Set<Int> = []
    for value in constants.integers(1) { axes.insert(try axis("axes", value, rank: inputShape.count)) }
    let kept = inputShape.indices.map { axes.contains($0) ? 1 : inputShape[$0] }
    let steps = strides(of: kept)
    self.inputShape = inputShape
    self.constants = constants
    targets = positions(
      shape: inputShape, steps: inputShape.indices.map { axes.contains($0) ? 0 : steps[$0] })
    let left = inputShape.indices.filter { !axes.contains($0) }.map { inputShape[$0] }
    outputShape = constants.flag(2) ? kept : left.isEmpty ? [1] : left
    share = constants.word(0) == "mean" ? 1 / S(axes.reduce(1) { $0 * inputShape[$1] }) : 1
  }

  public var parameter: Tensor<S>? { nil }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    for sample in 0..<x.rows {
      for (index, target) in targets.enumerated() {
        p.elements[sample * p.columns + target] += share * x.elements[sample * x.columns + index]
      }
    }
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    for sample in 0..<g.rows {
      for (index, target) in targets.enumerated() {
        e.elements[sample * e.columns + index] += share * g.elements[sample * g.columns + target]
      }
    }
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    for (index, target) in targets.enumerated() where target == row { body(index, share) }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    // The same shapes and constants were valid before.
    try! Reduction<T>(inputShape: inputShape, parameter: nil, constants: constants)
  }
}
