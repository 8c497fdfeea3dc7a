/// How windows lie over the spatial axes of a `[channels, …]` tensor: for convolution and pooling alike.
///
/// Fewer than three spatial axes count as three with leading extents of 1, so that there is one code for all.
struct WindowGeometry: Equatable, Sendable {
  /// The number of channels of what is read.
  let channels: Int
  /// The extents of the three axes of what is read.
  let input: [Int]
  /// The extents of the window.
  let kernel: [Int]
  /// The distance from one window to the next.
  let stride: [Int]
  /// How far the first window reaches out before the beginning.
  let before: [Int]
  /// The distance between the elements of a window.
  let dilation: [Int]
  /// How many windows there are along each axis.
  let output: [Int]
  /// The number of spatial axes that a user sees, 1 to 3.
  let rank: Int

  /// The geometry of windows over samples of `inputShape`.
  ///
  /// - Parameters:
  ///   - padding: One number for all axes, one for each, or the ones before all axes and then those behind.
  ///   - roundUp: Whether a last window that reaches over the end counts (`ceil_mode`).
  init(
    inputShape: [Int], kernel: [Int], stride: [Int], padding: [Int], dilation: [Int], roundUp: Bool = false
  ) throws(InvalidConstants) {
    let rank = inputShape.count - 1
    guard (1...3).contains(rank) else {
      throw InvalidConstants("expected samples of shape [channels, …] with 1 to 3 axes, found \(inputShape)")
    }
    self.rank = rank
    channels = inputShape[0]
    input = Self.three(Array(inputShape.dropFirst()), filler: 1)
    self.kernel = try Self.axes("kernel_size", kernel, rank, filler: 1, least: 1)
    self.stride = try Self.axes("stride", stride, rank, filler: 1, least: 1)
    self.dilation = try Self.axes("dilation", dilation, rank, filler: 1, least: 1)
    let halves = padding.count == 2 * rank && rank > 0 && padding.count > 1 ? rank : padding.count
    before = try Self.axes("padding", Array(padding.prefix(halves)), rank, filler: 0, least: 0)
    let behind = try Self.axes("padding", Array(padding.suffix(halves)), rank, filler: 0, least: 0)
    var output: [Int] = []
    for axis in 0..<3 {
      let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
      let room = input[axis] + before[axis] + behind[axis] - reach
      guard room >= 0 else {
        throw InvalidConstants(
          "expected a window of at most \(input[axis] + before[axis] + behind[axis]), found one of \(reach)")
      }
      var count = room / self.stride[axis] + 1
      if roundUp, room % self.stride[axis] != 0, count * self.stride[axis] < input[axis] + before[axis] {
        count += 1
      }
      output.append(count)
    }
    self.output = output
  }

  /// The shape of `[channels, …]` with one element for each window.
  func outputShape(channels: Int) -> [Int] { [channels] + output.suffix(rank) }

  var inputArea: Int { input.reduce(1, *) }
  var kernelArea: Int { kernel.reduce(1, *) }
  var outputArea: Int { output.reduce(1, *) }

  /// The positions within one channel that a window covers, as offsets into that channel, by kernel element;
  /// nil where an element lies in the padding.
  func forEachElement(ofWindow window: Int, _ body: (_ element: Int, _ position: Int?) -> Void) {
    let start = starts(ofWindow: window)
    var element = 0
    for depth in 0..<kernel[0] {
      let z = start[0] + depth * dilation[0]
      for row in 0..<kernel[1] {
        let y = start[1] + row * dilation[1]
        for column in 0..<kernel[2] {
          let x = start[2] + column * dilation[2]
          let isInside =
            z >= 0 && z < input[0] && y >= 0 && y < input[1] && x >= 0 && x < input[2]
          body(element, isInside ? (z * input[1] + y) * input[2] + x : nil)
          element += 1
        }
      }
    }
  }

  /// Where a window begins on each axis; negative within the padding.
  func starts(ofWindow window: Int) -> [Int] {
    let x = window % output[2]
    let y = window / output[2] % output[1]
    let z = window / output[2] / output[1]
    return [
      z * stride[0] - before[0], y * stride[1] - before[1], x * stride[2] - before[2],
    ]
  }

  private static func three(_ values: [Int], filler: Int) -> [Int] {
    [Int](repeating: filler, count: 3 - values.count) + values
  }

  private static func axes(
    _ name: String, _ values: [Int], _ rank: Int, filler: Int, least: Int
  ) throws(InvalidConstants) -> [Int] {
    let all = values.count == 1 ? [Int](repeating: values[0], count: rank) : values
    guard all.count == rank, all.allSatisfy({ (least...1 << 20).contains($0) }) else {
      throw InvalidConstants("\(name): expected 1 or \(rank) integers of at least \(least), found \(values)")
    }
    return three(all, filler: filler)
  }
}
