import LinearAlgebra

/// The nonlinear half of a block: `z = φ(p_1, …, p_m)`, of one or more pre-activations (*ports*).
///
/// It carries no parameters, only constants: whatever is trained stands in `W_z`, `W_x` and `b`
/// (theory, section 3), so a nonlinearity is the same value in every precision.
public protocol Nonlinearity: Sendable {
  /// The name in files: `relu`, `leaky_relu`, ….
  static var typeName: String { get }

  /// The constants that the nonlinearity has, in the order of `constants`.
  static var constantDescriptions: [ConstantDescription] { get }

  /// The values of its constants, one for each description.
  var constants: [Constant] { get }

  /// The nonlinearity with these constants, one for each description and of its kind.
  ///
  /// - Throws: `InvalidConstants` where their values have no meaning together.
  init(constants: [Constant]) throws(InvalidConstants)

  /// The size of the value for ports of these sizes, or nil where it takes no such ports.
  func outputSize(portSizes: [Int]) -> Int?

  /// `φ(p_1, …, p_m)` for every sample; port i is `[batch, portSizes[i]]`.
  func value<S: Scalar>(at ports: [Matrix<S>]) -> Matrix<S>

  /// The cotangents of the ports, `(∂φ/∂p_i)ᵀ g`, for a cotangent `g` of the value, `[batch, outputSize]`.
  func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>]) -> [Matrix<S>]

  /// The range of the slopes `(φ(p) − φ(q)) / (p − q)` where φ acts elementwise; nil where it does not.
  ///
  /// Within `−1…1` it is non-expansive; within `0…1` it is the proximal operator of a convex function,
  /// which well-posedness conditions ask for (theory, section 7).
  var slopes: ClosedRange<Double>? { get }
}

extension Nonlinearity {
  public static var constantDescriptions: [ConstantDescription] { [] }
  public var slopes: ClosedRange<Double>? { nil }

  /// Whether two nonlinearities are the same function by name and constants, numbers compared by their bits.
  public func isIdentical(to other: any Nonlinearity) -> Bool {
    type(of: self).typeName == type(of: other).typeName && constants == other.constants
  }

  /// The name with the constants in parentheses: `leaky_relu(negative_slope: 0.01)`.
  public var description: String {
    let values = zip(type(of: self).constantDescriptions, constants).map { "\($0.name): \($1)" }
    return type(of: self).typeName + (values.isEmpty ? "" : "(\(values.joined(separator: ", ")))")
  }
}

/// The value of a constant: a number, or a word such as gelu's `approximate: "tanh"`.
public enum Constant: Hashable, Sendable, CustomStringConvertible {
  /// A number.
  case number(Double)
  /// A word.
  case word(String)

  /// Numbers are the same when their bits are.
  public static func == (left: Constant, right: Constant) -> Bool {
    switch (left, right) {
    case (.number(let a), .number(let b)): a.bitPattern == b.bitPattern
    case (.word(let a), .word(let b)): a == b
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .number(let value): hasher.combine(value.bitPattern)
    case .word(let word): hasher.combine(word)
    }
  }

  public var description: String {
    switch self {
    case .number(let value): "\(value)"
    case .word(let word): "\"\(word)\""
    }
  }

  /// The number, for a constant whose description says that it is one.
  var number: Double {
    guard case .number(let value) = self else { preconditionFailure("a word where a number is described") }
    return value
  }

  /// The word, for a constant whose description says that it is one.
  var word: String {
    guard case .word(let word) = self else { preconditionFailure("a number where a word is described") }
    return word
  }
}

/// What a constant is called, what it is where a file does not say, and which words it may be.
public struct ConstantDescription: Sendable {
  /// The key in files, as the argument is called in `torch.nn`.
  public let name: String
  /// The value where none is given; nil for a constant that must be given.
  public let defaultValue: Constant?
  /// The words that are allowed, for a constant that is a word.
  public let words: [String]

  /// A constant that is a number; one without a default must be given.
  public init(_ name: String, default value: Double? = nil) {
    self.name = name
    defaultValue = value.map { .number($0) }
    words = []
  }

  /// A constant that is one of `words`.
  public init(_ name: String, default word: String, oneOf words: [String]) {
    self.name = name
    defaultValue = .word(word)
    self.words = words
  }
}

/// Constants whose values have no meaning: `softshrink` with a negative `lambda`, say.
public struct InvalidConstants: Error, CustomStringConvertible {
  /// Which constant, what was expected and what was found.
  public let description: String

  /// The error with this text.
  public init(_ description: String) {
    self.description = description
  }
}
