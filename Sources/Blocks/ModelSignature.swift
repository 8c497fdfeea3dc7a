import LinearAlgebra

/// The tensors of which a model's flat input and output consist, by the names that a file gives them.
///
/// The numbers of several tensors follow each other, each tensor row-major. A signature has no effect on the function:
/// a model without one has one unnamed input and one unnamed output, of its own shapes.
public struct ModelSignature: Sendable, Equatable {
  /// One sample of a tensor.
  public struct Tensor: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// The shape of one sample; empty for a single number.
    public let shape: [Int]

    /// A tensor with this name and this shape of one sample.
    public init(_ name: String, _ shape: [Int]) {
      self.name = name
      self.shape = shape
    }

    /// The number of coordinates of one sample.
    public var size: Int { shape.reduce(1, *) }
  }

  /// The input's tensors; empty where they have no names.
  public let inputs: [Tensor]
  /// The output's tensors; empty where they have no names.
  public let outputs: [Tensor]

  /// A signature of these tensors; whether it is valid is checked by the model that gets it.
  public init(inputs: [Tensor] = [], outputs: [Tensor] = []) {
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Neither inputs nor outputs have names.
  public static let unnamed = ModelSignature()

  /// Whether neither inputs nor outputs have names.
  public var isUnnamed: Bool { inputs.isEmpty && outputs.isEmpty }

  /// What is wrong with the signature for a model of so many input and output coordinates; nil if it fits: names are
  /// not empty and differ within each list, extents are positive, and the sizes add up.
  package func problem(inputSize: Int, outputSize: Int) -> String? {
    Self.problem("inputs", inputs, size: inputSize) ?? Self.problem("outputs", outputs, size: outputSize)
  }

  private static func problem(_ kind: String, _ tensors: [Tensor], size: Int) -> String? {
    guard !tensors.isEmpty else { return nil }
    var names: Set<String> = []
    var total = 0
    for tensor in tensors {
      guard !tensor.name.isEmpty else { return "signature.\(kind): expected names, found an empty one" }
      guard names.insert(tensor.name).inserted else {
        return "signature.\(kind): expected unique names, found \"\(tensor.name)\" twice"
      }
      guard tensor.shape.allSatisfy({ $0 > 0 }),
        let count = checkedProduct(tensor.shape, atMost: size - total)
      else {
        return "signature.\(kind): expected positive extents of up to \(size) numbers together, "
          + "found \(tensor.shape) of \"\(tensor.name)\""
      }
      total += count
    }
    return total == size
      ? nil : "signature.\(kind): expected tensors of \(size) numbers together, found \(total)"
  }
}
