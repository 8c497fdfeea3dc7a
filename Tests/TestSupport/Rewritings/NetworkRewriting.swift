import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators
import RandomNetworks

/// Two networks that are one function in exact arithmetic, though their equations differ.
public struct NetworkRewriting: Sendable {
  /// In which way the second says what the first says.
  public let kind: RewritingKind
  /// The network that was given; where it had no place for the rewriting, with layers added that have one.
  public let original: Network<Double>
  /// The same function in other words. A parameter that survives as such keeps its name, others have none.
  public let rewritten: Network<Double>
  /// The names of the layers of `rewritten` that are new or changed.
  public let places: [String]

  /// A network in other words of this kind, at a random place, or nil where none was found.
  public static func made(
    of network: Network<Double>, kind: RewritingKind, using generator: inout SeededGenerator
  ) -> NetworkRewriting? {
    var rewriter = Rewriter(network, generator: generator)
    defer { generator = rewriter.draws.generator }
    let target = rewriter.prepare(for: kind)
    var attempt = rewriter
    if !attempt.rewrite(kind, at: target) {
      rewriter.graft(for: kind)
      attempt = rewriter
      guard attempt.rewrite(kind, at: target) else { return nil }
    }
    rewriter.draws.generator = attempt.draws.generator
    attempt.forgetLabels(usedLessThan: rewriter)
    guard let original = rewriter.network, let rewritten = attempt.network else { return nil }
    let names = Set(rewritten.layers.map(\.name))
    return NetworkRewriting(
      kind: kind, original: original, rewritten: rewritten,
      places: attempt.touched.filter(names.contains))
  }

  /// A random network and the same one in other words; nil where none was found.
  ///
  /// - Parameter settings: How large the network is; kinds that ask for implicit layers draw more of them.
  public static func drawn(
    _ kind: RewritingKind, seed: UInt64, settings: NetworkGenerator = NetworkGenerator()
  ) -> NetworkRewriting? {
    var settings = settings
    if kind.needsImplicitLayers { settings.implicitShare = max(0.6, settings.implicitShare) }
    for attempt in 0..<16 as Range<UInt64> {
      let number = mix64(seed << 8 | attempt)
      var generator = SeededGenerator(seed: number)
      let network = settings.network(seed: number)
      if let rewriting = made(of: network, kind: kind, using: &generator) { return rewriting }
    }
    return nil
  }
}

extension RewritingKind {
  /// Whether only implicit layers can be rewritten so.
  fileprivate var needsImplicitLayers: Bool {
    switch self {
    case .implicitPermuted, .implicitHelperInserted, .implicitReordered: true
    default: false
    }
  }
}

extension Rewriter {
  /// Rewrites the network in one place; false where it has none.
  ///
  /// - Parameter target: The position of the layer that `prepare` made for the rewriting, where it made one.
  fileprivate mutating func rewrite(_ kind: RewritingKind, at target: Int?) -> Bool {
    if let target {
      guard let block = block(target) else { return false }
      return rewriteFunction(kind, target, block)
    }
    switch kind {
    case .layersReordered: return reorderLayers()
    case .partitionRefined: return refinePartition()
    case .partitionCoarsened: return coarsenPartition()
    case .unitsPermuted: return permuteUnits()
    case .unitDoubled: return doubleUnit()
    case .deadUnitsAdded: return addDeadUnits()
    case .deadLayerAdded: return addDeadLayer()
    case .identityInserted: return insertIdentity()
    case .linearComposed: return composeLinear()
    case .linearSplit: return splitLinear()
    case .matrixTransposed: return transposeMatrix()
    case .biasSeparated: return separateBias()
    case .mapWrittenOut: return writeOutMap { _ in true }
    case .indexMapRespelled: return respellIndexMap()
    case .convolutionUnfolded:
      return writeOutMap { $0.map is Convolution<Double> || $0.map is TransposedConvolution<Double> }
    case .paddingMoved: return movePadding()
    case .kernelPadded: return padKernel()
    case .scaleSeparated: return separateScale()
    case .averageUnfolded: return unfoldAverage()
    case .maxPoolUnfolded: return unfoldMaxPool()
    case .batchNormFolded: return foldBatchNorm()
    default: return rewriteTensors(kind)
    }
  }

  private mutating func rewriteTensors(_ kind: RewritingKind) -> Bool {
    switch kind {
    case .projectionsFused: fuseProjections()
    case .projectionsSplit: splitProjection()
    case .concatenationPulledApart: pullConcatenationApart()
    case .slicesConcatenated: concatenateSlices()
    case .transposesInserted: insertTransposes()
    case .permutationMoved: movePermutation()
    case .reshapeMoved: moveReshape()
    case .offsetWrittenOut: writeOutOffset()
    case .offsetsShared: shareOffsets()
    case .constantLayerInserted: insertConstantLayer()
    case .negativeZeros: flipZeros()
    case .softmaxDecomposed: decomposeSoftmax()
    case .logSoftmaxDecomposed: decomposeLogSoftmax()
    case .logSumExpDecomposed: decomposeLogSumExp()
    case .layerNormDecomposed:
      decomposeNormalization([
        LayerNormalization.self, GroupNormalization.self, InstanceNormalization.self,
      ])
    case .rmsNormDecomposed: decomposeNormalization([RootMeanSquareNormalization.self])
    case .implicitPermuted: permuteImplicit()
    case .implicitHelperInserted: insertImplicitHelper()
    case .implicitReordered: reorderImplicit()
    default: false
    }
  }

  private mutating func rewriteFunction(
    _ kind: RewritingKind, _ index: Int, _ block: Block<Double>
  ) -> Bool {
    switch kind {
    case .reluRespelled: respellReLU(index, block)
    case .leakyReluRespelled: respellLeakyReLU(index, block)
    case .clampRespelled: respellClamp(index, block)
    case .siluDecomposed: decomposeSiLU(index, block)
    case .hardSwishDecomposed: decomposeHardSwish(index, block)
    case .hardSigmoidDecomposed: decomposeHardSigmoid(index, block)
    case .eluRespelled: respellELU(index, block)
    case .softplusDecomposed: decomposeSoftplus(index, block)
    case .tanhDecomposed: decomposeTanh(index, block)
    case .softsignDecomposed: decomposeSoftsign(index, block)
    case .softshrinkDecomposed: decomposeSoftshrink(index, block)
    case .absoluteDecomposed: decomposeAbsolute(index, block)
    case .powerRespelled: respellPower(index, block)
    case .extremeNegated: negateExtreme(index, block)
    case .maximumDecomposed: decomposeMaximum(index, block)
    case .comparisonSwapped: swapComparison(index, block)
    default: return false
    }
    return true
  }
}
