import FileAccess
import TensorFiles

/// An ONNX model as a weights file that a model's JSON may refer to: its initializers, and the tensors of
/// its Constant nodes.
package struct ONNXWeights: WeightsFile {
  package let path: String
  private let tensors: [String: StoredTensor]

  /// The weights of a model.
  ///
  /// - Throws: `FileError` of kind `badData`, as reading the model does.
  package init(_ file: MappedFile, noting files: InputFileLog? = nil) throws(FileError) {
    path = file.path
    let model = try ONNXDecoder(.mapped(file), noting: files).model()
    var tensors: [String: StoredTensor] = [:]
    for tensor in model.allTensors {
      guard case .numbers(let stored) = tensor.contents else { continue }
      guard tensors.updateValue(stored, forKey: tensor.name) == nil else {
        throw FileError(
          .badData, file: path, place: quoted(tensor.name), "expected one tensor of this name, found two")
      }
    }
    self.tensors = tensors
  }

  package func tensor(named name: String) throws(FileError) -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw FileError(
        .badData, file: path, place: quoted(name), "expected a tensor of floating-point numbers, found none")
    }
    return tensor
  }
}

extension ONNXModel {
  /// The tensors of the graph, of its functions and of the graphs in both.
  fileprivate var allTensors: [ONNXTensor] {
    let defaults = functions.values.flatMap(\.defaults.values).flatMap(\.tensors)
    return initializers + nodes.flatMap(\.tensors) + functions.values.flatMap(\.nodes).flatMap(\.tensors)
      + defaults
  }
}

extension ONNXModel.Node {
  fileprivate var tensors: [ONNXTensor] { attributes.values.flatMap(\.tensors) }
}

extension ONNXModel.Attribute {
  fileprivate var tensors: [ONNXTensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .graph(let graph): graph.initializers.map(\.tensor) + graph.nodes.flatMap(\.tensors)
    default: []
    }
  }
}
