import ONNXSchema

// Parts of models with functions, branches and loops.

/// A function of the domain "own".
func function(
  _ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [ONNXNodeProto],
  attributes: [String] = [], defaults: [ONNXAttributeProto] = [], opset: Int = 18
) -> ONNXFunctionProto {
  .with {
    $0.name = name
    $0.domain = "own"
    $0.input = inputs
    $0.output = outputs
    $0.node = nodes
    $0.attribute = attributes
    $0.attributeProto = defaults
    $0.opsetImport = [.with { $0.version = Int64(opset) }]
  }
}

/// A node.
func node(
  _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [ONNXAttributeProto] = [],
  name: String = "", domain: String = ""
) -> ONNXNodeProto {
  .with {
    $0.name = name
    $0.opType = type
    $0.input = inputs
    $0.output = outputs
    $0.attribute = attributes
    $0.domain = domain
  }
}

/// An attribute that has the value of another one of the function's call.
func reference(_ name: String, to other: String, type: Int32) -> ONNXAttributeProto {
  .with {
    $0.name = name
    $0.refAttrName = other
    $0.type = type
  }
}

/// A graph as an attribute.
func graph(
  _ inputs: [String], _ outputs: [String], _ nodes: [ONNXNodeProto], _ tensors: [ONNXTensorProto] = [],
  named name: String
) -> ONNXAttributeProto {
  .with {
    $0.name = name
    $0.type = 5
    $0.g.node = nodes
    $0.g.initializer = tensors
    $0.g.input = inputs.map { name in .with { $0.name = name } }
    $0.g.output = outputs.map { name in .with { $0.name = name } }
  }
}
