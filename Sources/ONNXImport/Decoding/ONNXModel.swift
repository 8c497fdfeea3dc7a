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
    /// Which of the functions of the same domain and name the node calls.
    var overload = ""

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
    /// The body of a loop, or a branch.
    case graph(Subgraph)
    /// In a function, the value of this attribute of its call.
    case reference(String)
    /// A type that no supported operator has: several graphs, a sparse tensor, a type.
    case other(String)
  }

  /// A nested graph. It may read values of the enclosing graphs.
  package struct Subgraph {
    package let nodes: [Node]
    /// The graph's own constants by their names in it; the names of the tensors are theirs in the model.
    let initializers: [(name: String, tensor: ONNXTensor)]
    package let inputs: [ValueInfo]
    package let outputs: [ValueInfo]
  }

  /// What tells functions apart.
  struct FunctionName: Hashable {
    let domain, name, overload: String

    init(domain: String, name: String, overload: String) {
      self.domain = domain == "ai.onnx" ? "" : domain
      (self.name, self.overload) = (name, overload)
    }
  }

  /// A function that nodes call as an operator. It reads nothing but its inputs.
  struct Function {
    let inputs: [String]
    let outputs: [String]
    /// The attributes without a default.
    let attributes: Set<String>
    /// The values of the others unless a call gives some.
    let defaults: [String: Attribute]
    let nodes: [Node]
    /// The version of the default operator set within it; nil for that of the model.
    let opset: Int?
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
  /// The model's own functions.
  var functions: [FunctionName: Function] = [:]
}
