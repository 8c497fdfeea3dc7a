import Blocks
import FileAccess
import LinearAlgebra
import ModelFiles
import ModelJSON
import TensorFiles

/// The files of a test model: the same model gives the same bytes.
extension TestModel {
  /// A file of a test model.
  public enum File: String, CaseIterable, Sendable {
    /// The network.
    case network = "network.json"
    /// Its equilibrium model, as `deq convert` writes it.
    case model = "network.deq.json"
    /// Inputs and cotangents, and what a solver must find.
    case expected = "expected.json"
    /// The parameters and all numbers of `expected`, for every library that reads safetensors.
    case safetensors = "tensors.safetensors"
    /// The same arrays for NumPy, stored without compression.
    case npz = "tensors.npz"
  }

  /// What the numbers are, in words.
  private static let source =
    "deq generate: double-double arithmetic, about 32 digits, rounded to the nearest double"

  /// Writes a file.
  ///
  /// - Throws: `FileError`. Discard what has been written before an error.
  public func write(_ file: File, to sink: any ByteSink) throws(FileError) {
    switch file {
    case .network: try ModelFile.network(network).write(to: sink)
    case .model: try ModelFile.equilibrium(model).write(to: sink)
    case .expected: try writeExpected(to: sink)
    case .safetensors:
      try SafetensorsWriter(tensors, metadata: [("format", "pt"), ("kind", kind.rawValue)]).write(to: sink)
    case .npz:
      var writer = NumPyArchiveWriter(to: sink, isDeflated: false)
      for (name, tensor) in tensors { try writer.add(name, tensor.elements, shape: tensor.shape) }
      try writer.finish()
    }
  }

  /// All numbers by name: `input`, `cotangent`, `output`, `state.z`, `adjoint.z`, `parameter.fc1.weight`,
  /// `gradient.input` and `gradient.fc1.weight`. The first axis counts the samples, but not of parameters.
  public var tensors: [(name: String, tensor: Tensor<Double>)] {
    func samples(_ matrix: Matrix<Double>, _ shape: [Int]) -> Tensor<Double> {
      Tensor(shape: [matrix.rows] + shape, elements: matrix.elements)
    }
    let blocks = model.blocks
    return [
      ("input", samples(input, model.inputShape)), ("cotangent", samples(cotangent, model.outputShape)),
      ("output", samples(output, model.outputShape)),
    ]
      + zip(blocks, state).map { ("state.\($0.name)", samples($1, $0.shape)) }
      + zip(blocks, adjoint).map { ("adjoint.\($0.name)", samples($1, $0.shape)) }
      + parameters.map { ("parameter.\($0.name)", $0.tensor) }
      + [("gradient.input", samples(gradients.input, model.inputShape))]
      + gradients.parameters.names.map { ("gradient.\($0)", gradients.parameters[$0]!) }
  }

  private func writeExpected(to sink: any ByteSink) throws(FileError) {
    var writer = JSONWriter(to: sink)
    try writer.beginObject()
    try writer.key("source")
    try writer.string(Self.source)
    try writer.key("input")
    try writer.matrix(input)
    try writer.key("cotangent")
    try writer.matrix(cotangent)
    try SampleResults(output: output, gradients: gradients).writeKeys(to: &writer)
    for (key, values) in [("state", state), ("adjoint", adjoint)] {
      try writer.key(key)
      try writer.beginObject()
      for (block, value) in zip(model.blocks, values) {
        try writer.key(block.name)
        try writer.matrix(value)
      }
      try writer.end()
    }
    try writer.key("error")
    try error.write(to: &writer)
    try writer.end()
    try writer.finish()
  }
}

extension TestModel.ErrorBounds {
  /// Writes both bounds as an object.
  ///
  /// - Throws: As the writer does.
  public func write(to writer: inout JSONWriter) throws(FileError) {
    try writer.beginObject(.inLine)
    try writer.key("state")
    try writer.number(state)
    try writer.key("adjoint")
    try writer.number(adjoint)
    try writer.end()
  }
}
