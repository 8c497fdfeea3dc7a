/// Another way to say a function: what two exporters, an optimiser or an editor make of one network.
///
/// Each is exact in real arithmetic for the very numbers that both networks store, so that a proof in exact arithmetic
/// has to see it.
public enum RewritingKind: String, CaseIterable, Sendable {
  /// The layers stand in another order under other names.
  case layersReordered
  /// A layer is cut into several by slices of its rows.
  case partitionRefined
  /// Two layers of one elementwise nonlinearity that do not read each other are one.
  case partitionCoarsened
  /// The units of a dense layer stand in another order.
  case unitsPermuted
  /// A unit stands there twice, its outgoing weights shared out.
  case unitDoubled
  /// A dense layer has more units, which nothing reads.
  case deadUnitsAdded
  /// There is one more layer, which nothing reads.
  case deadLayerAdded
  /// A layer that changes nothing stands between a value and what reads it.
  case identityInserted

  /// A layer without a nonlinearity is multiplied into what reads it.
  case linearComposed
  /// A dense layer's matrix is the product of two.
  case linearSplit
  /// A matrix is stored transposed, or applied along an axis of a tensor: `Gemm` in its forms.
  case matrixTransposed
  /// A linear map and its bias are layers of their own: `MatMul` and `Add`.
  case biasSeparated
  /// Any linear map is the matrix of its entries.
  case mapWrittenOut
  /// A linear map that moves coordinates is another one that moves them alike.
  case indexMapRespelled
  /// A convolution, or a transposed one, is the matrix of its entries.
  case convolutionUnfolded
  /// The zeros around a convolution are added before it.
  case paddingMoved
  /// A convolution's kernel has a border of zeros, which meets wider padding.
  case kernelPadded
  /// The constant factors and the weight of a scale are two layers.
  case scaleSeparated
  /// An average is a sum, divided by the number of its summands.
  case averageUnfolded
  /// A maximum over windows is one over lines of gathered windows.
  case maxPoolUnfolded
  /// The scale of a batch normalisation, powers of two, is multiplied into the convolution before it.
  case batchNormFolded

  /// Projections of one value are one matrix and slices of its result.
  case projectionsFused
  /// One projection is several, concatenated.
  case projectionsSplit
  /// What reads a concatenation reads its parts.
  case concatenationPulledApart
  /// A value is cut into slices and put together again.
  case slicesConcatenated
  /// Two permutations of axes that cancel stand between a value and what reads it.
  case transposesInserted
  /// A permutation of coordinates goes through an elementwise nonlinearity.
  case permutationMoved
  /// A change of shape goes through an elementwise nonlinearity.
  case reshapeMoved

  /// A constant summand is a vector as long as its port.
  case offsetWrittenOut
  /// A constant summand is two that add up to it, or two are one.
  case offsetsShared
  /// A constant summand is the value of a layer that reads nothing.
  case constantLayerInserted
  /// Zeros have the other sign.
  case negativeZeros

  /// A softmax by its parts: the largest element, a difference, `exp`, a sum, a quotient.
  case softmaxDecomposed
  /// The logarithm of a softmax by its parts.
  case logSoftmaxDecomposed
  /// The logarithm of a sum of exponentials by its parts.
  case logSumExpDecomposed
  /// A layer, group or instance normalisation by its parts: means, a difference, a product, a root, a quotient.
  case layerNormDecomposed
  /// A root mean square normalisation by its parts.
  case rmsNormDecomposed

  /// `relu`, `leaky_relu` of slope 0, `prelu` of weight 0, `clamp` from 0, `threshold` at 0, `maximum` with 0.
  case reluRespelled
  /// `leaky_relu` and `prelu` of a constant slope.
  case leakyReluRespelled
  /// `relu6`, `clamp` and `hard_tanh` of the same ends.
  case clampRespelled
  /// `silu` as `x·sigmoid(x)`.
  case siluDecomposed
  /// `hard_swish` as `x·hard_sigmoid(x)`, and that as a clamp over 6.
  case hardSwishDecomposed
  /// `hard_sigmoid` as a clamp over 6.
  case hardSigmoidDecomposed
  /// `elu` and `celu` of alpha 1, `elu` of alpha 0 and `relu`, `selu` as a multiple of `elu`.
  case eluRespelled
  /// `mish` as `x·tanh(softplus(x))`, `log_sigmoid` as `−softplus(−x)`, `softplus` of another beta.
  case softplusDecomposed
  /// `tanhshrink` as `x − tanh(x)`, `sigmoid` as `1/2 + tanh(x/2)/2`.
  case tanhDecomposed
  /// `softsign` as `x / (1 + |x|)`.
  case softsignDecomposed
  /// `softshrink` as a difference of two rectified lines.
  case softshrinkDecomposed
  /// `|x|` as `relu(x) + relu(−x)`.
  case absoluteDecomposed
  /// A power with a small integer exponent as a product, one half as a root, −1 as a reciprocal.
  case powerRespelled
  /// A minimum as the negative of a maximum of negatives, elementwise or along a line; `ceil` as `−floor(−x)`.
  case extremeNegated
  /// A maximum of two as `q + relu(p − q)`.
  case maximumDecomposed
  /// `p > q` as `1 − (q ≥ p)`, and the other way round.
  case comparisonSwapped

  /// The coordinates of a block of an implicit layer stand in another order.
  case implicitPermuted
  /// A block of an implicit layer reads another through one more block.
  case implicitHelperInserted
  /// The blocks of an implicit layer stand in another order under other names.
  case implicitReordered
}
