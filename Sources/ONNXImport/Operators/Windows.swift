import Blocks
import FileAccess
import Operators

/// The attributes that convolutions and poolings share.
struct WindowAttributes {
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// Those before all axes, then those after them.
  var pads: [Int]
  /// More than any window has of pads, strides, gaps and elements along an axis.
  private static let most = 1 << 20
  /// The rule that derives pads from the extents, if any: `SAME_UPPER`, `SAME_LOWER`, `VALID`.
  let autoPad: String?

  /// The names of the attributes.
  static let names: Set<String> = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"]

  /// Reads a node's attributes; `kernel` is known if there is a weight.
  init(of node: NodeImport, rank: Int, kernel known: [Int]? = nil) throws(ImportFailure) {
    func list(_ name: String, _ count: Int, _ filler: Int, least: Int) throws(ImportFailure) -> [Int] {
      guard let values = try node.integers(name) else { return [Int](repeating: filler, count: count) }
      guard values.count == count, values.allSatisfy({ (least...Self.most).contains($0) }) else {
        throw .refused(
          "attribute \(quoted(name)): expected \(count) integers from \(least) to \(Self.most), found \(values)"
        )
      }
      return values
    }
    let given = try node.integers("kernel_shape")
    guard let kernel = known ?? given, kernel.count == rank, given ?? kernel == kernel else {
      throw .refused(
        "attribute \"kernel_shape\": expected \(known.map { "\($0)" } ?? "\(rank) extents"), found "
          + (given.map { "\($0)" } ?? "none"))
    }
    guard kernel.allSatisfy({ (1...Self.most).contains($0) }) else {
      throw .refused(
        "attribute \"kernel_shape\": expected extents from 1 to \(Self.most), found \(kernel)")
    }
    self.kernel = kernel
    strides = try list("strides", rank, 1, least: 1)
    dilations = try list("dilations", rank, 1, least: 1)
    pads = try list("pads", 2 * rank, 0, least: 0)
    let word = try node.word("auto_pad", of: ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]) ?? "NOTSET"
    autoPad = word == "NOTSET" ? nil : word
    if autoPad == "VALID" { pads = [Int](repeating: 0, count: 2 * rank) }
  }

  /// The extents that windows span.
  var spans: [Int] { zip(kernel, dilations).map { ($0 - 1) * $1 + 1 } }

  /// Sets the pads so that there are `⌈extent / stride⌉` windows along each axis, if the node requires
  /// that.
  mutating func padSame(_ extents: [Int]) {
    guard let autoPad, autoPad != "VALID" else { return }
    let totals = extents.indices.map { axis in
      let count = (extents[axis] + strides[axis] - 1) / strides[axis]
      return max(0, (count - 1) * strides[axis] + spans[axis] - extents[axis])
    }
    let less = totals.map { $0 / 2 }
    let more = totals.map { $0 - $0 / 2 }
    pads = autoPad == "SAME_UPPER" ? less + more : more + less
  }
}

extension NodeImport {
  /// The first input as samples `[channels, …]`: the axis before them is the batch, or has extent 1.
  package func channels() throws(ImportFailure) -> (variable: Variable, shape: [Int]) {
    let variable = try variable(0)
    let layout = variable.layout
    guard layout.shape.count >= 3 else {
      throw .refused("expected a batch, channels and at least one axis more, found shape \(layout.shape)")
    }
    guard layout.batchAxis ?? 0 == 0, !layout.isMerged else {
      throw .mixesBatch("uses the batch axis as another axis")
    }
    guard layout.batchAxis == 0 || layout.shape[0] == 1 else {
      throw .refused("expected a leading axis that is the batch or has extent 1, found shape \(layout.shape)")
    }
    return (variable, Array(layout.shape.dropFirst()))
  }

  /// The layout of samples `[channels, …]` after the leading axis of another layout.
  package func leading(_ layout: TensorLayout, _ sampleShape: [Int]) throws(ImportFailure) -> TensorLayout {
    try layout.replacing(layout.shape.prefix(1) + sampleShape)
  }

  /// A number for each channel, times constant factors, as a port of shape `[channels, …]`.
  func channelPort(
    _ value: Value, over shape: [Int], factors: [Double] = []
  ) throws(ImportFailure) -> Port {
    guard value.shape == [shape[0]] else {
      throw .refused(
        "expected a number for each of \(counted(shape[0], "channel")), found shape \(value.shape)")
    }
    let map = try linearMap(
      "expand", from: [shape[0]],
      ["shape": .integers(shape), "dim": .integers([0]), "factors": .numbers(factors)])
    if case .numbers(let numbers) = value {
      return Port(
        shape: shape, offsets: [Offset(tensor: numbers.tensor, map: map, parameter: numbers.parameter)])
    }
    let variable = try variable(value)
    guard variable.layout.batch == nil else { throw .mixesBatch("uses the batch axis as channels") }
    return Port(shape: shape, terms: [Term(source: variable.source, map: map)])
  }
}
