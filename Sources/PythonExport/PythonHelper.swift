/// A function that an exported file holds where an expression calls it: what the library lacks.
enum PythonHelper: String, CaseIterable {
  case shaped
  case clip
  case pad
  case normalize
  case vectorNorm = "vector_norm"
  case averagePool = "average_pool"
  case maxPool = "max_pool"
  case convolution
  case transposedConvolution = "transposed_convolution"
  case gathered

  /// The definition for a library.
  func definition(for library: PythonLibrary) -> String {
    switch (self, library) {
    case (.shaped, _): Self.shapedText
    case (.clip, _): Self.clipText
    case (.pad, _): Self.padText
    case (.normalize, _): Self.normalizeText
    case (.vectorNorm, _): Self.vectorNormText
    case (.gathered, _): Self.gatheredText
    case (.averagePool, .torch): Self.averagePoolInTorch
    case (.averagePool, .jax): Self.averagePoolInJAX
    case (.maxPool, _): Self.maxPoolText
    case (.convolution, _): Self.convolutionText
    case (.transposedConvolution, _): Self.transposedConvolutionText
    }
  }

  private static let vectorNormText = """
    def vector_norm(t, axis, keepdims=False):
        \"\"\"The Euclidean norm; where it is 0 its gradient is 0 too.\"\"\"
        is_zero = jnp.all(t == 0, axis=axis, keepdims=True)
        norm = jnp.linalg.vector_norm(jnp.where(is_zero, 1, t), axis=axis, keepdims=True)
        norm = jnp.where(is_zero, 0, norm)
        return norm if keepdims else jnp.squeeze(norm, axis)
    """

  private static let shapedText = """
    def shaped(t, *shape):
        \"\"\"A batch of samples of this shape.\"\"\"
        return t.reshape(t.shape[0], *shape)
    """

  private static let clipText = """
    def clip(p, least, greatest):
        \"\"\"min(max(p, least), greatest), with slope 0 at both.\"\"\"
        return jnp.where(p <= least, least, jnp.where(p >= greatest, greatest, p))
    """

  private static let padText = """
    def pad(x, *pads):
        \"\"\"Zeros before and behind each axis of a sample; negative numbers crop.\"\"\"
        return lax.pad(x, jnp.zeros((), x.dtype), ((0, 0, 0),) + tuple((a, b, 0) for a, b in pads))
    """

  private static let normalizeText = """
    def normalize(p, run, eps, centered=True):
        \"\"\"Runs of this many coordinates, less their mean, over the root of their mean square plus eps.\"\"\"
        runs = p.reshape(p.shape[0], -1, run)
        if centered:
            runs = runs - runs.mean(-1, keepdims=True)
        scale = 1 / jnp.sqrt((runs * runs).mean(-1, keepdims=True) + eps)
        return (runs * scale).reshape(p.shape)
    """

  private static let gatheredText = """
    def gathered(x, places, weights):
        \"\"\"For each output of a channel the sum of some of its inputs, with weights: both [summands, outputs].\"\"\"
        flat = x.reshape(x.shape[0], x.shape[1], -1)
        return sum(flat[:, :, index] * weight for index, weight in zip(places, weights))
    """

  private static let averagePoolInTorch = """
    def average_pool(x, kernel, stride, pads, dilation, shares):
        \"\"\"The sums of windows, times the share that each element of a window has.\"\"\"
        flat = x.reshape(-1, 1, *x.shape[2:])
        ones = torch.ones(1, 1, *kernel, dtype=x.dtype, device=x.device)
        convolve = [F.conv1d, F.conv2d, F.conv3d][len(kernel) - 1]
        sums = convolve(F.pad(flat, pads), ones, stride=stride, dilation=dilation)
        return sums.reshape(x.shape[0], x.shape[1], *sums.shape[2:]) * shares
    """

  private static let averagePoolInJAX = """
    def average_pool(x, kernel, stride, pads, dilation, shares):
        \"\"\"The sums of windows, times the share that each element of a window has.\"\"\"
        flat = x.reshape(-1, 1, *x.shape[2:])
        ones = jnp.ones((1, 1, *kernel), x.dtype)
        sums = lax.conv_general_dilated(flat, ones, stride, pads, rhs_dilation=dilation, precision="highest")
        return sums.reshape(x.shape[0], x.shape[1], *sums.shape[2:]) * shares
    """

  private static let maxPoolText = """
    def max_pool(p, index):
        \"\"\"The largest of each window of a channel; of equal ones the first has the gradient.

        index: [windows, elements], positions in a channel, -1 outside of it.
        \"\"\"
        flat = p.reshape(p.shape[0], p.shape[1], -1)
        outside = jnp.full(flat.shape[:2] + (1,), -jnp.inf, p.dtype)
        windows = jnp.concatenate([flat, outside], -1)[:, :, index]
        first = jnp.argmax(lax.stop_gradient(windows), -1, keepdims=True)
        return jnp.take_along_axis(windows, first, -1)[..., 0]
    """

  private static let convolutionText = """
    def convolution(x, weight, stride, pads, dilation, groups):
        \"\"\"The convolution of torch.nn.functional, with padding for each side.\"\"\"
        return lax.conv_general_dilated(
            x, weight, stride, pads, rhs_dilation=dilation, feature_group_count=groups, precision="highest")
    """

  private static let transposedConvolutionText = """
    def transposed_convolution(x, weight, stride, pads, dilation, groups):
        \"\"\"The transposed convolution of torch.nn.functional, as a convolution of x with gaps.\"\"\"
        inputs, outputs, *kernel = weight.shape
        w = weight.reshape(groups, inputs // groups, outputs, *kernel).swapaxes(1, 2)
        w = jnp.flip(w.reshape(groups * outputs, inputs // groups, *kernel), tuple(range(2, 2 + len(kernel))))
        return lax.conv_general_dilated(
            x, w, (1,) * len(kernel), pads, lhs_dilation=stride, rhs_dilation=dilation,
            feature_group_count=groups, precision="highest")
    """
}
