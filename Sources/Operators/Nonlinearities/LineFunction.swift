import LinearAlgebra

/// A nonlinearity of one port that works on every line of it by itself.
public protocol Linewise: Nonlinearity {
  /// The lines of a port of this shape, which the nonlinearity takes.
  func lines(_ shape: [Int]) -> Lines
}

/// A nonlinearity that works on every line of a tensor along the axes `dim` by itself: softmax, the largest element.
protocol LineFunction: Linewise {
  /// The axes of the lines in tensors of this rank.
  func axes(rank: Int) throws(InvalidConstants) -> [Int]

  /// Whether the value has one number for each line, with extents of 1 for its axes or without them; nil where it has one
  /// for each coordinate.
  var keepsAxes: Bool? { get }
}

extension LineFunction {
  /// The lines of a port of this shape.
  public func lines(_ shape: [Int]) -> Lines {
    guard let axes = try? axes(rank: shape.count) else {
      preconditionFailure("axes that the port does not have")
    }
    return Lines(shape: shape, along: axes, keepsAxes: keepsAxes == true)
  }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 1, (try? axes(rank: portShapes[0].count)) != nil else { return nil }
    return keepsAxes == nil ? portShapes[0] : lines(portShapes[0]).outputShape
  }
}

/// A function of lines along one axis that returns as many numbers.
protocol LineTransform: LineFunction {}

extension LineTransform {
  public static var constantDescriptions: [ConstantDescription] { [.integers("dim", default: [-1])] }
  var keepsAxes: Bool? { nil }

  func axes(rank: Int) throws(InvalidConstants) -> [Int] {
    [try axis("dim", constants.integers(0), rank: rank)]
  }
}

/// A function of lines that returns one number for each.
protocol LineReduction: LineFunction {}

extension LineReduction {
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("dim"), .flag("keepdim", default: false)]
  }
  var keepsAxes: Bool? { constants.flag(1) }

  func axes(rank: Int) throws(InvalidConstants) -> [Int] {
    try reducedAxes(constants.integers(0), rank: rank)
  }
}
