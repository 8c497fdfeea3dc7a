import Blocks
import LinearAlgebra
import Operators

extension LinearMap<Double> {
  /// The same map of another parameter, or nil where it does not fit.
  package func with(parameter: Tensor<Double>?) -> (any LinearMap<Double>)? {
    try? Self(inputShape: inputShape, parameter: parameter, attributes: attributes)
  }
}

extension Offset<Double> {
  /// The offset of another tensor of the same shape.
  package func replacing(_ tensor: Tensor<Double>) -> Offset {
    map.map { Offset(port: port, tensor: tensor, map: $0, parameter: parameter) }
      ?? Offset(port: port, tensor: tensor, parameter: parameter)
  }
}

extension Term<Double> {
  /// Whether the matrix itself is what is trained.
  package var isDense: Bool { map is DenseMap<Double> }
}
