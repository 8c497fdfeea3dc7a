import LinearAlgebra

/// The nonlinear half of a block: `z = φ(p_1, …, p_m)`, of one or more pre-activations (*ports*).
///
/// It carries no parameters, only attributes, which are constants: whatever is trained stands in `W_z`, `W_x` and `b`
/// (Theory, "The theorem"), so a nonlinearity is the same value in every precision.
public protocol Nonlinearity: Sendable {
  /// The name in files: `relu`, `leaky_relu`, ….
  static var typeName: String { get }

  /// How many ports are what a layer of this type reads: 1, or 2 for a product. Further ones are `parameterPorts`.
  static var inputCount: Int { get }

  /// The ports behind the inputs, in their order: what a file's parameters of these names fill.
  static var parameterPorts: [ParameterPort] { get }

  /// What it does, and which attributes it has.
  static var schema: OperatorSchema { get }

  /// The values of its attributes.
  var attributes: Attributes { get }

  /// The nonlinearity with these attributes, which `schema` has checked: all, and each of its kind.
  ///
  /// - Throws: `InvalidConstants` where their values have no meaning together.
  init(attributes: Attributes) throws(InvalidConstants)

  /// The shape of the value for ports of these shapes, or nil where it takes no such ports.
  func outputShape(portShapes: [[Int]]) -> [Int]?

  /// `φ(p_1, …, p_m)` for every sample; port i is a batch of tensors of `shapes[i]`, flattened row-major.
  func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S>

  /// The cotangents of the ports, `(∂φ/∂p_i)ᵀ g`, for a cotangent `g` of the value.
  func vjp<S: Scalar>(
    _ cotangent: consuming Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]
  ) -> [Matrix<S>]

  /// The range of the slopes `(φ(p) − φ(q)) / (p − q)` where φ acts elementwise; nil where it does not.
  ///
  /// Within `−1…1` it is non-expansive; within `0…1` it is the proximal operator of a convex function,
  /// which well-posedness conditions ask for (Theory, "Groups without an equilibrium").
  var slopes: ClosedRange<Double>? { get }
}

extension Nonlinearity {
  public static var inputCount: Int { 1 }
  public static var parameterPorts: [ParameterPort] { [] }
  public var slopes: ClosedRange<Double>? { nil }

  /// Whether two nonlinearities are the same function by name and attributes, numbers compared by their bits.
  public func isIdentical(to other: any Nonlinearity) -> Bool {
    type(of: self).typeName == type(of: other).typeName && attributes == other.attributes
  }

  /// The nonlinearity with these attributes, all others at their defaults.
  ///
  /// - Throws: `InvalidConstants` where one is missing, unknown, of another kind, or has no meaning.
  public init(_ given: [String: Constant]) throws(InvalidConstants) {
    try self.init(attributes: try Self.schema.attributes(given))
  }

  /// The name with those attributes in parentheses that have not their default value: `max_pool(kernel_size: 2)`.
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
