/// The positions of windows over the spatial axes of a `[channels, …]` tensor, for convolution and pooling.
///
/// Fewer than three spatial axes count as three with leading extents of 1, so that all share one implementation.
struct WindowGeometry: Equatable, Sendable {
  /// The number of channels of the input.
  let channels: Int
  /// The extents of the input's three axes.
  let input: [Int]
  /// The extents of the window.
  let kernel: [Int]
  /// The distance from one window to the next.
  let stride: [Int]
  /// The padding before the beginning.
  let before: [Int]
  /// The padding after the end; negative where the last coordinates are not read.
  let behind: [Int]
  /// The distance between the elements of a window.
  let dilation: [Int]
  /// The number of windows along each axis.
  let output: [Int]
  /// The number of spatial axes that a user sees, 1 to 3.
  let rank: Int

  /// The geometry of windows over samples of `inputShape`.
  ///
  /// - Parameters:
  ///   - kernelName: The name, for errors, of the constant or parameter with the window's extents.
  ///   - roundUp: Whether a last window that extends beyond the end is included (`ceil_mode`).
  init(
    inputShape: [Int], kernel: [Int], kernelName: String = "kernel_size", stride: [Int],
    padding: WindowPadding, dilation: [Int], roundUp: Bool = false
  ) throws(InvalidConstants) {
    rank = try spatialRank(of: inputShape)
    channels = inputShape[0]
    input = three(Array(inputShape.dropFirst()), filler: 1)
    self.kernel = try spatial(kernelName, kernel, rank, filler: 1, least: 1)
    self.stride = try spatial("stride", stride, rank, filler: 1, least: 1)
    self.dilation = try spatial("dilation", dilation, rank, filler: 1, least: 1)
    (before, behind) = try padding.amounts(
      rank: rank, kernel: self.kernel, stride: self.stride, dilation: self.dilation)
    var output: [Int] = []
    for axis in 0..<3 {
      let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
      let room = input[axis] + before[axis] + behind[axis] - reach
      guard room >= 0 else {
        throw InvalidConstants(
          "\(kernelName): expected a window of at most \(input[axis] + before[axis] + behind[axis]), "
            + "found one of \(reach)")
      }
      var count = room / self.stride[axis] + 1
      if roundUp, room % self.stride[axis] != 0, count * self.stride[axis] < input[axis] + before[axis] {
        count += 1
      }
      output.append(count)
    }
    self.output = output
    try checkedSize("padding", [channels] + output)
  }

  /// The geometry of the convolution whose transpose is a transposed convolution of samples of `inputShape` with
  /// `outputs` channels. Its windows are the transposed convolution's inputs.
  ///
  /// - Parameter extra: The number of extra coordinates after those that the windows need (`output_padding`).
  init(
    transposedInputShape inputShape: [Int], outputs: Int, kernel: [Int], stride: [Int], padding: [Int],
    extra: [Int], dilation: [Int]
  ) throws(InvalidConstants) {
    rank = try spatialRank(of: inputShape)
    channels = outputs
    output = three(Array(inputShape.dropFirst()), filler: 1)
    self.kernel = try spatial("weight", kernel, rank, filler: 1, least: 1)
    self.stride = try spatial("stride", stride, rank, filler: 1, least: 1)
    self.dilation = try spatial("dilation", dilation, rank, filler: 1, least: 1)
    let extra = try spatial("output_padding", extra, rank, filler: 0, least: 0)
    let amounts = try WindowPadding.integers(padding).amounts(
      rank: rank, kernel: self.kernel, stride: self.stride, dilation: self.dilation)
    before = amounts.before
    // The part after the windows is not padding, but a part of the result that no window reads.
    behind = zip(amounts.behind, extra).map { $0 - $1 }
    var input: [Int] = []
    for axis in 0..<3 {
      guard extra[axis] < max(self.stride[axis], self.dilation[axis]) else {
        throw InvalidConstants("output_padding: expected less than stride or dilation, found \(extra[axis])")
      }
      let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
      let extent =
        (output[axis] - 1) * self.stride[axis] + reach - amounts.before[axis] - amounts.behind[axis]
        + extra[axis]
      guard extent > 0 else {
        throw InvalidConstants("padding: expected a result, found an extent of \(extent)")
      }
      input.append(extent)
    }
    self.input = input
    try checkedSize("stride", [outputs] + input)
  }

  /// The shape of `[channels, …]` with one element for each window.
  func outputShape(channels: Int) -> [Int] { [channels] + output.suffix(rank) }

  var inputArea: Int { input.reduce(1, *) }
  var kernelArea: Int { kernel.reduce(1, *) }
  var outputArea: Int { output.reduce(1, *) }
  /// The shape of the input.
  var inputShape: [Int] { [channels] + input.suffix(rank) }
}

/// The width of a convolution's padding. Written as `1`, `[1, 2]`, `.same` or `.valid`.
public enum WindowPadding: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// One number for all axes, one for each, or those before all axes and then those after.
  case integers([Int])
  /// Padding for one window for each coordinate, with the smaller half before the axis.
  case same
  /// None.
  case valid

  public init(integerLiteral value: Int) {
    self = .integers([value])
  }

  public init(arrayLiteral elements: Int...) {
    self = .integers(elements)
  }

  /// The padding described by an attribute.
  init(_ constant: Constant) {
    switch constant {
    case .word("same"): self = .same
    case .integers(let values): self = .integers(values)
    default: self = .valid
    }
  }

  /// The value of the attribute that describes the padding.
  var constant: Constant {
    switch self {
    case .integers(let values): .integers(values)
    case .same: .word("same")
    case .valid: .word("valid")
    }
  }

  fileprivate func amounts(
    rank: Int, kernel: [Int], stride: [Int], dilation: [Int]
  ) throws(InvalidConstants) -> (before: [Int], behind: [Int]) {
    switch self {
    case .valid: return ([0, 0, 0], [0, 0, 0])
    case .same:
      guard stride == [1, 1, 1] else {
        throw InvalidConstants("stride: expected 1 for a padding of \"same\", found \(stride.suffix(rank))")
      }
      let totals = (0..<3).map { dilation[$0] * (kernel[$0] - 1) }
      return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    case .integers(let values):
      let halves = values.count == 2 * rank ? rank : values.count
      return (
        try spatial("padding", Array(values.prefix(halves)), rank, filler: 0, least: 0, given: values),
        try spatial("padding", Array(values.suffix(halves)), rank, filler: 0, least: 0, given: values)
      )
    }
  }
}

/// The number of spatial axes of samples `[channels, …]`.
private func spatialRank(of inputShape: [Int]) throws(InvalidConstants) -> Int {
  guard (2...4).contains(inputShape.count) else {
    throw InvalidConstants(
      "input: expected samples of shape [channels, …] with 1 to 3 more axes, found \(inputShape)")
  }
  try checkedSize("input", inputShape)
  return inputShape.count - 1
}

private func three(_ values: [Int], filler: Int) -> [Int] {
  [Int](repeating: filler, count: 3 - values.count) + values
}

/// An attribute's integers for three axes: one for all, or one for each.
private func spatial(
  _ name: String, _ values: [Int], _ rank: Int, filler: Int, least: Int, given: [Int]? = nil
) throws(InvalidConstants) -> [Int] {
  let all = values.count == 1 ? [Int](repeating: values[0], count: rank) : values
  guard all.count == rank, all.allSatisfy({ (least...1 << 20).contains($0) }) else {
    throw InvalidConstants(
      "\(name): expected \(numberOrList(of: rank, "integer")) of at least \(least), found \(given ?? values)")
  }
  return three(all, filler: filler)
}
