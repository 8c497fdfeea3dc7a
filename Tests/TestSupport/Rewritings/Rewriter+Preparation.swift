import Blocks
import LinearAlgebra
import Networks
import Operators

/// What a network is given before it is rewritten: a place for the rewriting.
extension Rewriter {
  /// Puts the function that a kind rewrites into some layer.
  ///
  /// - Returns: The position of that layer; nil for a kind that finds its places by itself.
  package mutating func prepare(for kind: RewritingKind) -> Int? {
    if kind == .linearComposed { roundNumbers() }
    guard let function = function(for: kind) else { return nil }
    defer { forgetTouched() }
    if !(function is any Activation) { return graft(function) }
    guard
      let (index, block) = blocks(where: {
        $0.nonlinearity is any Activation && $0.portShapes.count == 1
      }).first
    else { return graft(function) }
    guard let power = function as? Pow, power.exponent < 2 else {
      replace(index, by: block.with(function))
      return index
    }
    // Roots and reciprocals of positive numbers.
    let magnitude = append(block.with(AbsoluteValue()))
    let half = [Double](repeating: 0.5, count: block.size)
    replace(
      index,
      by: block.with(
        power, portShapes: [block.shape], terms: [Term(source: magnitude, map: IdentityMap(block.shape))],
        offsets: [Offset(vector: half)]))
    return index
  }

  /// A function that a kind rewrites.
  private mutating func function(for kind: RewritingKind) -> (any Nonlinearity)? {
    switch kind {
    case .reluRespelled: ReLU()
    case .leakyReluRespelled: LeakyReLU(negativeSlope: draws.generator.normal())
    case .clampRespelled: draws.chance(0.5) ? ReLU6() : try! HardTanh(minimum: 0, maximum: 6)
    case .siluDecomposed: SiLU()
    case .hardSwishDecomposed: HardSwish()
    case .hardSigmoidDecomposed: HardSigmoid()
    case .eluRespelled: draws.element(of: [SELU(), try! CELU(alpha: 1), ELU(alpha: 1)])
    case .softplusDecomposed:
      draws.element(of: [Mish(), LogSigmoid(), try! Softplus(beta: 2, threshold: .infinity)])
    case .tanhDecomposed: draws.chance(0.5) ? Tanhshrink() : Sigmoid()
    case .softsignDecomposed: Softsign()
    case .softshrinkDecomposed: try! Softshrink(lambda: 0.1 + draws.generator.uniform())
    case .absoluteDecomposed: AbsoluteValue()
    case .powerRespelled: Pow(exponent: draws.element(of: [2, 3, 0.5, -1, -0.5]))
    case .extremeNegated:
      draws.element(of: [
        Minimum(), Maximum(), Ceiling(), Floor(),
        try! SmallestElement(dim: -1),
        try! LargestElement(dim: 0, keepdim: true),
      ])
    case .maximumDecomposed: Maximum()
    case .comparisonSwapped: draws.chance(0.5) ? Greater() : GreaterOrEqual()
    default: nil
    }
  }

  /// Adds a layer of a function of values, and makes the output depend on it.
  private mutating func graft(_ function: any Nonlinearity) -> Int? {
    let source = anySource()
    let shape = shape(of: source)
    let ports = [[Int]](repeating: shape, count: type(of: function).inputCount)
    guard let output = function.outputShape(portShapes: ports) else { return nil }
    let size = shape.reduce(1, *)
    let terms = ports.indices.map { port -> Term<Double> in
      let weight = draws.tensor([size, size], inputs: size)
      return Term(
        port: port, source: source, map: DenseMap(weight), parameter: "graft\(layers.count).weight\(port)")
    }
    let new = append(
      Block(
        name: type(of: function).typeName, shape: output, nonlinearity: function, portShapes: ports,
        terms: terms))
    join(new)
    guard case .node(let index) = new else { return nil }
    return index
  }

  /// Makes the output depend on a value, by a matrix.
  package mutating func join(_ source: Source) {
    let (size, shape) = (self.shape(of: source).reduce(1, *), layers[output].shape)
    let weight = draws.tensor([shape.reduce(1, *), size], inputs: size)
    let joined = append(
      Block(
        name: "join", shape: shape, nonlinearity: Identity(),
        terms: [
          Term(source: .node(output), map: IdentityMap(shape)),
          Term(source: source, map: DenseMap(weight), parameter: "join\(layers.count).weight"),
        ]))
    if case .node(let index) = joined { output = index }
  }

  /// Adds layers in which a kind finds a place, and makes the output depend on them.
  mutating func graft(for kind: RewritingKind) {
    defer { forgetTouched() }
    switch kind {
    case .partitionRefined, .unitsPermuted, .unitDoubled, .deadUnitsAdded, .reshapeMoved, .permutationMoved,
      .linearSplit, .matrixTransposed, .offsetsShared, .constantLayerInserted, .biasSeparated:
      join(graftDense(draws.activation()))
    case .partitionCoarsened:
      let activation = draws.activation()
      join(graftDense(activation))
      join(graftDense(activation))
    case .linearComposed:
      join(graftDense(Identity()))
      roundNumbers()
    case .negativeZeros:
      join(graftDense(Tanh()))
      roundNumbers()
    case .convolutionUnfolded:
      graftMap(draws.chance(0.6) ? Convolution<Double>.self : TransposedConvolution<Double>.self)
    case .paddingMoved, .kernelPadded, .mapWrittenOut, .offsetWrittenOut: graftMap(Convolution<Double>.self)
    case .averageUnfolded: graftMap(draws.chance(0.6) ? AveragePooling<Double>.self : Mean<Double>.self)
    case .indexMapRespelled: graftMap(draws.chance(0.6) ? Permute<Double>.self : Place<Double>.self)
    case .batchNormFolded, .scaleSeparated: graftBatchNorm()
    case .projectionsFused, .projectionsSplit: graftProjections()
    case .concatenationPulledApart: graftConcatenation()
    case .maxPoolUnfolded: graftNonlinearity(MaxPooling.self)
    case .softmaxDecomposed: graftNonlinearity(Softmax.self)
    case .logSoftmaxDecomposed: graftNonlinearity(LogSoftmax.self)
    case .logSumExpDecomposed: graftNonlinearity(LogSumExp.self)
    case .rmsNormDecomposed: graftNonlinearity(RootMeanSquareNormalization.self)
    case .layerNormDecomposed:
      graftNonlinearity(
        draws.element(of: [
          LayerNormalization.self, GroupNormalization.self, InstanceNormalization.self,
        ]))
    default: break
    }
  }
}
