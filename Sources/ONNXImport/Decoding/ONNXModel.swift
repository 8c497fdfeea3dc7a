import FileAccess
import ONNXSchema

/// What an ONNX file says, in plain values: checked one by one, not yet against each other.
package struct ONNXModel {
  /// A graph's input or output.
  package struct ValueInfo {
    /// The extent of an axis.
    package enum Extent: Equatable {
      /// A number.
      case fixed(Int)
      /// A name, or nothing: known when the model is evaluated.
      case symbolic(String)
    }

    package let name: String
    package let type: ElementType?
    /// The extent of each axis; nil where the model does not say.
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

    /// How messages call the node: by its operator, and by its name or else the name of what it gives.
    package var place: String {
      "\(operatorType) \(quoted(name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name))"
    }
  }

  /// A constant of a node.
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
    /// What no supported operator takes: a graph, a sparse tensor, a type.
    case other(String)
  }

  /// A graph within a graph. It reads constants and inputs of the one around it.
  package struct Subgraph {
    package let nodes: [Node]
    /// The number of constants that the graph has of its own.
    let initializerCount: Int
    package let inputs: [ValueInfo]
    package let outputs: [ValueInfo]
  }

  /// The name that messages call the model by.
  package let file: String
  /// The version of the default operator set.
  package let opset: Int
  package let nodes: [Node]
  package let initializers: [ONNXTensor]
  package let inputs: [ValueInfo]
  package let outputs: [ValueInfo]
  /// What the file says of itself.
  package let metadata: [(key: String, value: String)]
}
