import FileAccess
import ONNXSchema

/// The contents of an ONNX file as plain values. Each value has been checked, but not yet their
/// combination.
package struct ONNXModel {
  /// A graph's input or output.
  package struct ValueInfo {
    /// The extent of an axis.
    package enum Extent: Equatable, CustomStringConvertible {
      /// A number.
      case fixed(Int)
      /// A name, or nothing: known only when the model is evaluated.
      case symbolic(String)

      package var description: String {
        switch self {
        case .fixed(let extent): "\(extent)"
        case .symbolic(let name): name.isEmpty ? "?" : oneLine(name)
        }
      }
    }

    package let name: String
    package let type: ElementType?
    /// The extent of each axis; nil if the model does not give it.
    package let shape: [Extent]?
  }

  /// One application of an operator.
  package struct Node {
    let operatorType: String
    package let domain: String
    package let name: String
    package let inputs: [String]
    package let outputs: [String]
    package let attributes: [String: Attribute]

    /// The node in messages: its operator, and its name or else that of its output.
    package var place: String {
      "\(operatorType) \(quoted(name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name))"
    }
  }

  /// An attribute of a node.
  package enum Attribute {
    case number(Double)
    case integer(Int)
    case word(String)
    case numbers([Double])
    case integers([Int])
    case words([String])
    case tensor(ONNXTensor)
    /// The body of a loop.
    case graph(Subgraph)
    /// A type that no supported operator has: a graph, a sparse tensor, a type.
    case other(String)
  }

  /// A nested graph. It may read constants and inputs of the enclosing graph.
  package struct Subgraph {
    package let nodes: [Node]
    /// The number of the graph's own constants.
    let initializerCount: Int
    package let inputs: [ValueInfo]
    package let outputs: [ValueInfo]
  }

  /// The model's name in messages.
  package let file: String
  /// The version of the default operator set.
  package let opset: Int
  package var nodes: [Node]
  package let initializers: [ONNXTensor]
  package var inputs: [ValueInfo]
  package var outputs: [ValueInfo]
  /// The file's metadata.
  package let metadata: [(key: String, value: String)]
}
