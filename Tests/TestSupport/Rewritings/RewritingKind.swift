/// A way of writing the same function differently, as two exporters, an optimiser or an editor may do.
///
/// Each is exact in real arithmetic for the numbers that both networks store, so a proof in exact
/// arithmetic must find it.
public enum RewritingKind: String, CaseIterable, Sendable {
  /// The layers are in another order under other names.
  case layersReordered
  /// A layer is split into several by slices of its rows.
  case partitionRefined
  /// Two layers with one elementwise nonlinearity that do not read each other are merged.
  case partitionCoarsened
  /// The units of a dense layer are in another order.
  case unitsPermuted
  /// A unit is duplicated, its outgoing weights divided between the copies.
  case unitDoubled
  /// A dense layer has additional unread units.
  case deadUnitsAdded
  /// The network has an additional unread layer.
  case deadLayerAdded
  /// An identity layer is inserted between a value and its readers.
  case identityInserted

  /// A layer without a nonlinearity is multiplied into its readers.
  case linearComposed
  /// A dense layer's matrix is split into a product of two.
  case linearSplit
  /// A matrix is stored transposed, or applied along an axis of a tensor: `Gemm` in its forms.
  case matrixTransposed
  /// A linear map and its bias become layers of their own: `MatMul` and `Add`.
  case biasSeparated
  /// Any linear map is replaced by the matrix of its entries.
  case mapWrittenOut
  /// A linear map that moves coordinates is replaced by another one with the same effect.
  case indexMapRespelled
  /// A convolution, transposed or not, is replaced by the matrix of its entries.
  case convolutionUnfolded
  /// The zeros around a convolution are added before it.
  case paddingMoved
  /// A convolution's kernel has a border of zeros, with wider padding to match.
  case kernelPadded
  /// The constant factors and the weight of a scale become two layers.
  case scaleSeparated
  /// An average becomes a sum, divided by the number of its summands.
  case averageUnfolded
  /// A maximum over windows becomes one over lines of gathered windows.
  case maxPoolUnfolded
  /// The scale of a batch normalisation, powers of two, is folded into the convolution before it.
  case batchNormFolded

  /// Projections of one value are merged into one matrix and slices of its result.
  case projectionsFused
  /// One projection is split into several, concatenated.
  case projectionsSplit
  /// The readers of a concatenation read its parts.
  case concatenationPulledApart
  /// A value is split into slices and concatenated again.
  case slicesConcatenated
  /// Two permutations of axes that cancel are inserted between a value and its readers.
  case transposesInserted
  /// A permutation of coordinates is moved through an elementwise nonlinearity.
  case permutationMoved
  /// A reshape is moved through an elementwise nonlinearity.
  case reshapeMoved

  /// A constant summand becomes a vector as long as its port.
  case offsetWrittenOut
  /// A constant summand is split in two, or two are added.
  case offsetsShared
  /// A constant summand becomes the value of a layer without sources.
  case constantLayerInserted
  /// The signs of zeros are flipped.
  case negativeZeros

  /// A softmax is decomposed: the largest element, a difference, `exp`, a sum, a quotient.
  case softmaxDecomposed
  /// A log-softmax is decomposed.
  case logSoftmaxDecomposed
  /// The logarithm of a sum of exponentials is decomposed.
  case logSumExpDecomposed
  /// A layer, group or instance normalisation is decomposed: means, a difference, a product, a root, a
  /// quotient.
  case layerNormDecomposed
  /// A root mean square normalisation is decomposed.
  case rmsNormDecomposed

  /// `relu`, `leaky_relu` with slope 0, `prelu` with weight 0, `clamp` from 0, `threshold` at 0, `maximum`
  /// with 0.
  case reluRespelled
  /// `leaky_relu` and `prelu` with a constant slope.
  case leakyReluRespelled
  /// `relu6`, `clamp` and `hard_tanh` with the same bounds.
  case clampRespelled
  /// `silu` as `x·sigmoid(x)`.
  case siluDecomposed
  /// `hard_swish` as `x·hard_sigmoid(x)`, and that as a clamp over 6.
  case hardSwishDecomposed
  /// `hard_sigmoid` as a clamp over 6.
  case hardSigmoidDecomposed
  /// `elu` and `celu` with alpha 1, `elu` with alpha 0 and `relu`, `selu` as a multiple of `elu`.
  case eluRespelled
  /// `mish` as `x·tanh(softplus(x))`, `log_sigmoid` as `−softplus(−x)`, `softplus` with another beta.
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

  /// The coordinates of a block of an implicit layer are permuted.
  case implicitPermuted
  /// A block of an implicit layer reads another through an additional block.
  case implicitHelperInserted
  /// The blocks of an implicit layer are in another order under other names.
  case implicitReordered
}
