import ONNXSchema

/// What an ONNX file says, in plain values: checked one by one, not yet against each other.
struct ONNXModel {
  /// A graph's input or output.
  struct ValueInfo {
    /// The extent of an axis.
    enum Extent: Equatable {
      /// A number.
      case fixed(Int)
      /// A name, or nothing: known when the model is evaluated.
      case symbolic(String)
    }

    let name: String
    let type: ElementType?
    /// The extent of each axis; nil where the model does not say.
    let shape: [Extent]?
  }

  /// One application of an operator.
  struct Node {
    let operatorType: String
    let domain: String
    let name: String
    let inputs: [String]
    let outputs: [String]
    let attributes: [String: Attribute]

    /// How messages call the node: by its operator, and by its name or else the name of what it gives.
    var place: String {
      "\(operatorType) \(quoted(name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name))"
    }
  }

  /// A constant of a node.
  enum Attribute {
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
  struct Subgraph {
    let nodes: [Node]
    /// The number of constants that the graph has of its own.
    let initializerCount: Int
    let inputs: [ValueInfo]
    let outputs: [ValueInfo]
  }

  /// The name that messages call the model by.
  let file: String
  /// The version of the default operator set.
  let opset: Int
  let nodes: [Node]
  let initializers: [ONNXTensor]
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]
  /// What the file says of itself.
  let metadata: [(key: String, value: String)]
}
