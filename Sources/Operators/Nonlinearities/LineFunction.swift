import LinearAlgebra

/// A nonlinearity of one port that treats every line separately.
public protocol Linewise: Nonlinearity {
  /// The lines of a port of this shape, which the nonlinearity accepts.
  func lines(_ shape: [Int]) -> Lines
}

/// A nonlinearity that treats every line of a tensor along the axes `dim` separately: softmax, the largest element.
protocol LineFunction: Linewise {
  /// The axes of the lines in tensors of this rank.
  func axes(rank: Int) throws(InvalidConstants) -> [Int]

  /// For a value with one number for each line, whether it keeps the axes, with extents of 1; nil for one number for
  /// each coordinate.
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
    guard portShapes.count == 1, let axes = try? axes(rank: portShapes[0].count) else { return nil }
    guard let keepsAxes else { return portShapes[0] }
    return Lines.outputShape(of: portShapes[0], along: axes, keepsAxes: keepsAxes)
  }
}

/// A function of lines along one axis that returns lines of the same length.
protocol LineTransform: LineFunction {
  /// The axis of the lines, counted from the end where it is negative.
  var dim: Int { get }

  init(dim: Int)
}

extension LineTransform {
  var keepsAxes: Bool? { nil }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init(dim: try attributes.integer("dim"))
  }

  public var attributes: Attributes { ["dim": .integers([dim])] }

  func axes(rank: Int) throws(InvalidConstants) -> [Int] {
    [try axis("dim", dim, rank: rank)]
  }
}

/// A function of lines that returns one number for each line.
protocol LineReduction: LineFunction {
  /// The axes of the lines, at least one.
  var dim: [Int] { get }
  /// Whether the value keeps these axes, with extents of 1.
  var keepdim: Bool { get }

  init(dim: IntegerList, keepdim: Bool) throws(InvalidConstants)

  /// Computes the number z of every line of p.
  static func reduce<S: Scalar>(_ p: [S], _ lines: Lines, samples: Int, into z: inout [S])

  /// Replaces every element p of a line with the value z by its share of the line's cotangent.
  static func pullBack<S: Scalar>(_ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int)
}

extension LineReduction {
  var keepsAxes: Bool? { keepdim }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let lines = lines(shapes[0])
    var z = Matrix<S>(rows: ports[0].rows, columns: lines.starts.count)
    Self.reduce(ports[0].elements, lines, samples: z.rows, into: &z.elements)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let z = value(at: ports, shapes: shapes)
    var g = ports[0]
    Self.pullBack(&g.elements, cotangent.elements, z.elements, lines(shapes[0]), samples: g.rows)
    return [g]
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(dim: IntegerList(attributes.integers("dim")), keepdim: attributes.flag("keepdim"))
  }

  public var attributes: Attributes { ["dim": .integers(dim), "keepdim": .flag(keepdim)] }

  func axes(rank: Int) throws(InvalidConstants) -> [Int] {
    try reducedAxes(dim, rank: rank)
  }
}

/// The axes of a reduction, before its input's shape is known: at least one.
func namedAxes(_ dim: IntegerList) throws(InvalidConstants) -> [Int] {
  guard !dim.values.isEmpty else { throw InvalidConstants("dim: expected at least one axis, found none") }
  return dim.values
}
