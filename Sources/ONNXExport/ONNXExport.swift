import Equilibria
import FileAccess
import FixedPoints
import LinearAlgebra
import ONNXSchema
import TensorFiles

/// An equilibrium model as an ONNX model, which any runtime executes.
///
/// The file contains the weights once, and only standard operators. A runtime's results differ from this
/// library's by rounding: by default in single precision, which runtimes are made for.
public struct ONNXExport {
  /// What the file computes.
  public enum Content: Sendable, Equatable {
    /// The read-out of the equilibrium: a loop over the transition from a state of zeros.
    ///
    /// An acyclic model takes as many iterations as its longest path has blocks. A cyclic model takes at
    /// most `iterations`: it ends when for each sample and each group of blocks that read each other
    /// max|f(z, x) − z| ≤ 64 ε · max|z|, with ε the distance from 1 to the next number (the rule of this
    /// library's solvers, `StoppingRule.rounding`).
    case equilibrium(iterations: Int)
    /// The transition `f(z, x)` alone, for other solvers.
    case transition
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

  /// The version of ONNX's operator set that is written by default.
  public static let opset = 21
  /// The versions that can be written.
  public static let opsets = 13...28
  /// The version of the file format that came with a version of the operators ("onnx.helper.VERSION_TABLE").
  static func formatVersion(ofOpset opset: Int) -> Int {
    switch opset {
    case ..<15: 7
    case 15...18: 8
    case 19, 20: 9
    case 21, 22: 10
    case 23: 11
    case 24: 12
    case 25...27: 13
    default: 14
    }
  }

  /// The version of the operators.
  public let opset: Int
  /// The inputs.
  public let inputs: [Port]
  /// The outputs.
  public let outputs: [Port]
  /// The number of evaluations of the transition: exact for an acyclic model, the limit for a cyclic one;
  /// nil for the transition alone.
  public let iterations: Int?
  /// The number of nodes, including those of the loop.
  public let nodeCount: Int
  private let writer: ONNXModelWriter

  /// The export of a model.
  ///
  /// - Parameters:
  ///   - opset: The version of the operators, one of `opsets`; runtimes that are older than it refuse the file.
  ///   - file: The file's name in messages.
  /// - Throws: `FileError` for an operator that ONNX lacks, and for a file larger than protocol buffers
  ///   allow.
  public init(
    _ model: EquilibriumModel<Double>, as content: Content = .equilibrium(iterations: 1000),
    precision: Precision = .float32, opset: Int = ONNXExport.opset, file: String = "model.onnx"
  ) throws(FileError) {
    precondition(Self.opsets.contains(opset), "opset \(opset)")
    self.opset = opset
    var builder = ONNXModelBuilder(model, precision: precision, opset: opset, file: file)
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
  /// - Throws: `FileError`. Discard what has been written before an error.
  public func write(to sink: any ByteSink) throws(FileError) { try writer.write(to: sink) }
}

extension Precision {
  package var numberType: NumberType { self == .float32 ? .float32 : .float64 }

  /// The tolerances of this library's solvers in this precision.
  var tolerances: (relative: Double, absolute: Double) {
    let rule: StoppingRule = self == .float32 ? .rounding(of: Float.self) : .rounding(of: Double.self)
    return (rule.relativeTolerance, rule.absoluteTolerance)
  }
}
