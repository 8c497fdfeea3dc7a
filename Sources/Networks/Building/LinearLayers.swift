import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// `σ(W x + b)` of all coordinates of its source, of any shape: `torch.nn.Linear` after a flattening.
public struct DenseLayer: NetworkPart {
  private enum Weights {
    case drawn(outputs: Int, hasBias: Bool)
    case given(Tensor<Double>, bias: Tensor<Double>?)
  }

  private let weights: Weights
  private let activation: any Nonlinearity
  private let name: String?

  /// A layer with `outputs` numbers, whose weight and bias are drawn at random.
  public init(
    outputs: Int, hasBias: Bool = true, activation: any Nonlinearity = Identity(), name: String? = nil
  ) {
    weights = .drawn(outputs: outputs, hasBias: hasBias)
    (self.activation, self.name) = (activation, name)
  }

  /// A layer of this weight, `[outputs, inputs]`, and this bias, `[outputs]`.
  public init(
    weight: Tensor<Double>, bias: Tensor<Double>? = nil, activation: any Nonlinearity = Identity(),
    name: String? = nil
  ) {
    weights = .given(weight, bias: bias)
    (self.activation, self.name) = (activation, name)
  }

  public func append(to draft: inout NetworkDraft) throws(InvalidModel) {
    let (name, inputs) = (draft.name(name), draft.shape.reduce(1, *))
    let (weight, bias): (Tensor<Double>, Tensor<Double>?)
    switch weights {
    case .given(let given, let givenBias): (weight, bias) = (given, givenBias)
    case .drawn(let outputs, let hasBias):
      guard outputs > 0 else {
        throw InvalidModel("layer \"\(name)\": outputs: expected a positive number, found \(outputs)")
      }
      weight = draft.uniform([outputs, inputs], fanIn: inputs)
      bias = hasBias ? draft.uniform([outputs], fanIn: inputs) : nil
    }
    let shape = draft.shape
    let map = try draft.located(name) { () throws(InvalidConstants) in
      try DenseMap<Double>(inputShape: shape, parameter: weight, attributes: [:])
    }
    try draft.append(name, map, bias: bias, activation: activation)
  }
}

/// `σ(W ∗ x + b)` of a tensor `[channels, …]` with 1 to 3 spatial axes, as `torch.nn.Conv1d`, `Conv2d` and `Conv3d`.
public struct ConvolutionLayer: NetworkPart {
  private enum Weights {
    case drawn(channels: Int, kernelSize: IntegerList, hasBias: Bool)
    case given(Tensor<Double>, bias: Tensor<Double>?)
  }

  private let weights: Weights
  private let stride: IntegerList
  private let padding: WindowPadding
  private let dilation: IntegerList
  private let groups: Int
  private let activation: any Nonlinearity
  private let name: String?

  /// A layer with `channels` output channels, whose weight and bias are drawn at random.
  ///
  /// - Parameters:
  ///   - kernelSize: One extent for all spatial axes, or one for each; likewise `stride` and `dilation`.
  ///   - groups: A common divisor of the numbers of input and output channels.
  public init(
    channels: Int, kernelSize: IntegerList, stride: IntegerList = 1, padding: WindowPadding = 0,
    dilation: IntegerList = 1, groups: Int = 1, hasBias: Bool = true,
    activation: any Nonlinearity = Identity(), name: String? = nil
  ) {
    weights = .drawn(channels: channels, kernelSize: kernelSize, hasBias: hasBias)
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    (self.activation, self.name) = (activation, name)
  }

  /// A layer of this weight, `[outputs, channels / groups, …kernel]`, and this bias, `[outputs]`.
  public init(
    weight: Tensor<Double>, bias: Tensor<Double>? = nil, stride: IntegerList = 1, padding: WindowPadding = 0,
    dilation: IntegerList = 1, groups: Int = 1, activation: any Nonlinearity = Identity(), name: String? = nil
  ) {
    weights = .given(weight, bias: bias)
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    (self.activation, self.name) = (activation, name)
  }

  public func append(to draft: inout NetworkDraft) throws(InvalidModel) {
    let (name, shape) = (draft.name(name), draft.shape)
    let (weight, bias) = try parameters(name, in: &draft)
    let map = try draft.located(name) { () throws(InvalidConstants) in
      try Convolution<Double>(
        inputShape: shape, weight: weight, stride: stride, padding: padding, dilation: dilation,
        groups: groups)
    }
    try draft.append(name, map, bias: bias, activation: activation)
  }

  private func parameters(
    _ name: String, in draft: inout NetworkDraft
  ) throws(InvalidModel) -> (Tensor<Double>, Tensor<Double>?) {
    guard case .drawn(let channels, let kernelSize, let hasBias) = weights else {
      guard case .given(let weight, let bias) = weights else {
        preconditionFailure("neither drawn nor given")
      }
      return (weight, bias)
    }
    let (rank, extents) = (draft.shape.count - 1, kernelSize.values)
    guard (1...3).contains(rank) else {
      throw InvalidModel(
        "layer \"\(name)\": input: expected samples of shape [channels, …] with 1 to 3 more axes, "
          + "found \(draft.shape)")
    }
    let kernel = extents.count == 1 ? [Int](repeating: extents[0], count: rank) : extents
    guard channels > 0, groups > 0, kernel.count == rank, kernel.allSatisfy({ (1...1 << 10).contains($0) }),
      channels <= 1 << 20
    else {
      throw InvalidModel(
        "layer \"\(name)\": expected positive channels, groups and \(rank) extents of a window, "
          + "found \(channels), \(groups) and \(extents)")
    }
    let inputs = draft.shape[0] / groups
    let fanIn = inputs * kernel.reduce(1, *)
    return (
      draft.uniform([channels, inputs] + kernel, fanIn: fanIn),
      hasBias ? draft.uniform([channels], fanIn: fanIn) : nil
    )
  }
}

/// Any linear map as a layer, created once the shape of its source is known:
/// `MapLayer { try AveragePooling(inputShape: $0, kernelSize: 2) }`.
public struct MapLayer: NetworkPart {
  private let make: @Sendable ([Int]) throws -> any LinearMap<Double>
  private let bias: Tensor<Double>?
  private let activation: any Nonlinearity
  private let name: String?

  /// A layer of the map that `make` returns for the shape of its source, with a bias of the map's usual
  /// shape.
  public init(
    bias: Tensor<Double>? = nil, activation: any Nonlinearity = Identity(), name: String? = nil,
    _ make: @escaping @Sendable (_ shape: [Int]) throws -> any LinearMap<Double>
  ) {
    (self.make, self.bias, self.activation, self.name) = (make, bias, activation, name)
  }

  public func append(to draft: inout NetworkDraft) throws(InvalidModel) {
    let name = draft.name(name)
    let map: any LinearMap<Double>
    do { map = try make(draft.shape) } catch { throw InvalidModel("layer \"\(name)\": \(error)") }
    try draft.append(name, map, bias: bias, activation: activation)
  }
}
