import LinearAlgebra

/// The nonlinear half of a block: `z = φ(p_1, …, p_m)`, of one or more pre-activations (*ports*).
///
/// It has no parameters, only constant attributes: everything trainable is in `W_z`, `W_x` and `b` (Theory, "The
/// theorem"). So a nonlinearity is the same value in every precision.
public protocol Nonlinearity: Sendable {
  /// The name in files: `relu`, `leaky_relu`, ….
  static var typeName: String { get }

  /// The number of ports that hold a layer's inputs: 1, or 2 for a product. Further ports are `parameterPorts`.
  static var inputCount: Int { get }

  /// The ports after the inputs, in order, which hold a file's parameters of these names.
  static var parameterPorts: [ParameterPort] { get }

  /// What it does, and which attributes it has.
  static var schema: OperatorSchema { get }

  /// The values of its attributes.
  var attributes: Attributes { get }

  /// The nonlinearity with these attributes, which are complete and of the kinds that `schema` requires.
  ///
  /// - Throws: `InvalidConstants` where the combination of values has no meaning.
  init(attributes: Attributes) throws(InvalidConstants)

  /// The shape of the value for ports of these shapes, or nil where it does not accept them.
  func outputShape(portShapes: [[Int]]) -> [Int]?

  /// `φ(p_1, …, p_m)` for every sample; port i is a batch of tensors of `shapes[i]`, flattened row-major.
  func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S>

  /// The cotangents of the ports, `(∂φ/∂p_i)ᵀ g`, for a cotangent `g` of the value.
  func vjp<S: Scalar>(
    _ cotangent: consuming Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]
  ) -> [Matrix<S>]

  /// The range of the slopes `(φ(p) − φ(q)) / (p − q)` where φ acts elementwise; nil where it does not.
  ///
  /// Within `−1…1` it is non-expansive; within `0…1` it is the proximal operator of a convex function, which
  /// well-posedness conditions require (Theory, "Groups without an equilibrium").
  var slopes: ClosedRange<Double>? { get }

  /// Whether φ is continuous wherever it is finite. Where it is not, φ acts elementwise on ports of one shape, and a
  /// state at which it jumps need not be an equilibrium although its residual is small.
  var isContinuous: Bool { get }

  /// How far an element's ports are from the nearest place at which φ jumps, in the units of the ports; infinite where
  /// there is no such place.
  ///
  /// - Parameter ports: The element of each port.
  func jumpDistance(_ ports: [Double]) -> Double

  /// Whether φ is continuous and piecewise linear in the inputs' ports together, such as ReLU or a maximum.
  var isPiecewiseLinear: Bool { get }
}

extension Nonlinearity {
  public static var inputCount: Int { 1 }
  public static var parameterPorts: [ParameterPort] { [] }
  public var slopes: ClosedRange<Double>? { nil }
  public var isContinuous: Bool { true }
  public func jumpDistance(_ ports: [Double]) -> Double { .infinity }
  public var isPiecewiseLinear: Bool { false }

  /// Whether two nonlinearities are the same function by name and attributes, with numbers compared bit by bit.
  public func isIdentical(to other: any Nonlinearity) -> Bool {
    type(of: self).typeName == type(of: other).typeName && attributes == other.attributes
  }

  /// The nonlinearity with these attributes, all others at their defaults.
  ///
  /// - Throws: `InvalidConstants` where one is missing, unknown, of another kind, or invalid.
  public init(_ given: [String: Constant]) throws(InvalidConstants) {
    try self.init(attributes: try Self.schema.attributes(given))
  }

  /// The name with the attributes that differ from their defaults in parentheses: `max_pool(kernel_size: 2)`.
  public var briefDescription: String {
    let schema = type(of: self).schema
    let texts = attributes.filter { schema[$0.name]?.defaultValue != $0.value }.map {
      "\($0.name): \($0.value)"
    }
    return type(of: self).typeName + (texts.isEmpty ? "" : "(\(texts.joined(separator: ", ")))")
  }

  /// The name with the attributes in parentheses: `leaky_relu(negative_slope: 0.01)`.
  public var description: String {
    let values = attributes.map { "\($0.name): \($0.value)" }
    return type(of: self).typeName + (values.isEmpty ? "" : "(\(values.joined(separator: ", ")))")
  }
}
