import Equilibria
import FileAccess
import FixedPoints
import LinearAlgebra
import ONNXSchema
import TensorFiles

/// An equilibrium model as an ONNX model, which any runtime executes.
///
/// Written are the weights once, and operators of ONNX only. What a runtime computes differs from this library by
/// rounding: in single precision by default, which is what runtimes are made for.
public struct ONNXExport {
  /// What the file computes.
  public enum Content: Sendable, Equatable {
    /// The read-out of the equilibrium: a loop over the transition from a state of zeros.
    ///
    /// An acyclic model takes as many iterations as its longest path has blocks. Any other iterates until for each
    /// sample and each group of blocks that read each other max|f(z, x) − z| ≤ 64 ε · max|z|, with ε the distance of 1
    /// from the next number (the rule of this library's solvers, `StoppingRule.rounding`), at most so many times.
    case equilibrium(iterations: Int)
    /// The transition `f(z, x)` alone, for runtimes and solvers of one's own.
    case transition
  }

  /// What weights are rounded to, and computed in.
  public enum Precision: String, Sendable, CaseIterable {
    case float32, float64

    package var numberType: NumberType { self == .float32 ? .float32 : .float64 }

    /// The tolerances of this library's solvers in this precision.
    var tolerances: (relative: Double, absolute: Double) {
      let rule: StoppingRule = self == .float32 ? .rounding(of: Float.self) : .rounding(of: Double.self)
      return (rule.relativeTolerance, rule.absoluteTolerance)
    }
  }

  /// An input or an output of the model.
  public struct Port: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// The shape of one sample; the first axis, the batch, may have any extent.
    public let shape: [Int]
    /// `float32`, `float64` or `bool`.
    public let type: String
  }

  /// The version of ONNX's operators.
  public static let opset = 21
  /// The version of the file format that goes with it.
  static let formatVersion = 10

  /// What it reads.
  public let inputs: [Port]
  /// What it returns.
  public let outputs: [Port]
  /// How often the transition is evaluated: exactly, or at most where the model is cyclic; nil for the transition alone.
  public let iterations: Int?
  /// The number of nodes, those of the loop included.
  public let nodeCount: Int
  private let writer: ONNXModelWriter

  /// The export of a model.
  ///
  /// - Parameter file: What messages call the file that will be written.
  /// - Throws: `FileError` for an operator that ONNX does not have, and for a file larger than protocol buffers allow.
  public init(
    _ model: EquilibriumModel<Double>, as content: Content = .equilibrium(iterations: 1000),
    precision: Precision = .float32, file: String = "model.onnx"
  ) throws(FileError) {
    var builder = ONNXModelBuilder(model, precision: precision, file: file)
    switch content {
    case .equilibrium(let limit):
      iterations = model.nilpotencyIndex ?? limit
      try builder.buildLoop(limit: limit)
    case .transition:
      iterations = nil
      try builder.buildTransition()
    }
    (inputs, outputs, nodeCount) = (builder.inputs, builder.outputs, builder.nodeCount)
    writer = builder.writer
    guard writer.count <= ONNXModelWriter.maximumLength else {
      throw FileError(
        .cannotCreate, file: file,
        "expected a model of at most \(ONNXModelWriter.maximumLength) bytes, the limit of protocol buffers, "
          + "found \(writer.count)")
    }
  }

  /// The number of bytes of the file.
  public var byteCount: Int { writer.count }

  /// Writes the file: the same model gives the same bytes.
  ///
  /// - Throws: `FileError`. What has been written until then is to be discarded.
  public func write(to sink: any ByteSink) throws(FileError) { try writer.write(to: sink) }
}
