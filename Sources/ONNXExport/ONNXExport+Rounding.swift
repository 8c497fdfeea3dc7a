import Blocks
import Equilibria
import LinearAlgebra
import Operators

extension Precision {
  /// The model that a file in this precision represents: every weight and attribute rounded to nearest,
  /// evaluated in double precision. A written file must be compared with this model, since it cannot
  /// represent the unrounded one.
  ///
  /// In double precision it is the model itself, except that thresholds of softplus beyond 40 give the same
  /// function and are written as 40.
  public func rounded(_ model: EquilibriumModel<Double>) -> EquilibriumModel<Double> {
    let blocks = model.blocks.map { block in
      Block(
        name: block.name, shape: block.shape, nonlinearity: rounded(block.nonlinearity),
        portShapes: block.portShapes,
        terms: block.terms.map { term in
          Term(port: term.port, source: term.source, map: rounded(term.map), parameter: term.parameter)
        },
        offsets: block.offsets.map(rounded))
    }
    guard
      let rounded = try? EquilibriumModel(
        inputShape: model.inputShape, blocks: blocks, output: model.output, form: model.form,
        signature: model.signature)
    else { preconditionFailure("a model that rounding contradicts") }
    return rounded
  }

  private func rounded(_ nonlinearity: any Nonlinearity) -> any Nonlinearity {
    var attributes = nonlinearity.attributes.mapValues(rounded)
    if let softplus = nonlinearity as? Softplus, softplus.threshold > 40 {
      // Beyond 40 the logarithm of 1 + e^t is t in double precision.
      attributes = attributes.setting("threshold", to: .number(40))
    }
    return (try? type(of: nonlinearity).init(attributes: attributes)) ?? nonlinearity
  }

  private func rounded(_ map: any LinearMap<Double>) -> any LinearMap<Double> {
    let attributes = map.attributes.mapValues(rounded)
    if numberType == .float64 || map.parameter == nil && attributes == map.attributes { return map }
    return
      (try? type(of: map).init(
        inputShape: map.inputShape, parameter: map.parameter.map(rounded), attributes: attributes)) ?? map
  }

  private func rounded(_ offset: Offset<Double>) -> Offset<Double> {
    let tensor = rounded(offset.tensor)
    guard let map = offset.map else {
      return Offset(port: offset.port, tensor: tensor, parameter: offset.parameter)
    }
    return Offset(port: offset.port, tensor: tensor, map: rounded(map), parameter: offset.parameter)
  }

  private func rounded(_ tensor: Tensor<Double>) -> Tensor<Double> {
    self == .float64 ? tensor : tensor.cast(to: Float.self).cast(to: Double.self)
  }

  /// The constant as it is in the file.
  package func rounded(_ constant: Constant) -> Constant {
    switch constant {
    case .number(let number): .number(rounded(number))
    case .numbers(let numbers): .numbers(numbers.map(rounded))
    case .integers, .flag, .word: constant
    }
  }

  /// The number, or the largest finite one if it is beyond the range: a bound that is never reached.
  private func rounded(_ number: Double) -> Double {
    guard self == .float32 else { return number }
    let nearest = Double(Float(number))
    return nearest.isFinite || !number.isFinite
      ? nearest : Double(signOf: number, magnitudeOf: .greatestFiniteMagnitude)
  }
}
