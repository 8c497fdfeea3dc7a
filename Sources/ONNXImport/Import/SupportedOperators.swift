import FileAccess

extension ONNXModel {
  /// Refuses a graph with operators that cannot be imported, all of them with their nodes.
  ///
  /// - Throws: `ImportFailure` of kind `refused`.
  func requireSupportedOperators() throws(ImportFailure) {
    let unsupported = unsupportedNodes(
      among: try nodesInOrder(given: Set(initializers.map(\.name)).union(inputs.map(\.name))))
    guard let first = unsupported.first else { return }
    var places: [(name: String, nodes: [String])] = []
    for node in unsupported {
      let name = node.nameWithDomain
      if let index = places.firstIndex(where: { $0.name == name }) {
        places[index].nodes.append(node.ownName)
      } else {
        places.append((name, [node.ownName]))
      }
    }
    guard unsupported.count > 1 else { throw first.isUnsupported.at(first.place) }
    let list = places.map { "\($0.name) (\(listed($0.nodes)))" }.joined(separator: ", ")
    throw .refused(place: "nodes", "expected operators that are supported, found \(list)")
  }

  /// The nodes that cannot be imported among these, in the bodies of loops and in the functions that are called. Of
  /// branches only one is taken, so that those of the other do not matter.
  private func unsupportedNodes(among nodes: [Node]) -> [Node] {
    var unsupported: [Node] = []
    var called: Set<FunctionName> = []
    var lists = [nodes]
    while let nodes = lists.popLast() {
      for node in nodes {
        if let function = functions[node.calledFunction] {
          if called.insert(node.calledFunction).inserted { lists.append(function.nodes) }
        } else if OperatorTable.handler(for: node.operatorType, domain: node.domain) == nil {
          unsupported.append(node)
        } else if node.operatorType != "If" {
          lists += node.subgraphs.map(\.nodes)
        }
      }
    }
    return unsupported
  }
}

extension ONNXModel.Node {
  /// The function that the node calls, if the model has it.
  var calledFunction: ONNXModel.FunctionName {
    ONNXModel.FunctionName(domain: domain, name: operatorType, overload: overload)
  }

  /// The node's name, or else that of its output.
  var ownName: String { name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name }

  /// The operator, with its domain unless that is ONNX's own.
  fileprivate var nameWithDomain: String {
    isDefaultDomain(domain)
      ? abbreviated(operatorType) : "\(abbreviated(operatorType)) of \(domainDescription(domain))"
  }

  /// That the node's operator is not supported.
  var isUnsupported: ImportFailure {
    isDefaultDomain(domain)
      ? .refused("expected an operator that is supported, found \(abbreviated(operatorType))")
      : .refused("expected an operator of ONNX itself, found the domain \(domainDescription(domain))")
  }

  /// Refuses attributes that the operator does not have in this version, or that are not supported.
  func requireDefinedAttributes(opset: Int, supported: Set<String>) throws(ImportFailure) {
    let defined =
      isDefaultDomain(domain) ? OperatorDefinition.attributes(of: operatorType, opset: opset) : nil
    for name in attributes.keys.sorted() {
      guard supported.contains(name) || opset < 7 && Self.earlierAttributes.contains(name) else {
        throw .refused("expected attributes that are supported, found \(quoted(name))")
      }
      if let defined, !defined.contains(name) {
        throw .refused("expected attributes of \(operatorType) in opset \(opset), found \(quoted(name))")
      }
    }
  }
}

/// A domain of operators and, for those that many files have, whose it is.
func domainDescription(_ domain: String) -> String {
  let owners = [
    "ai.onnx.ml": "classical machine learning", "ai.onnx.training": "training",
    "ai.onnx.preview.training": "training", "com.microsoft": "ONNX Runtime's own operators",
    "com.microsoft.nchwc": "ONNX Runtime's own operators", "onnx.brevitas": "Brevitas' quantisers",
    "qonnx.custom_op.general": "quantisers of QONNX", "org.pytorch.aten": "PyTorch's own operators",
    "ai.onnx.contrib": "ONNX Runtime's extensions",
    "pkg.onnxscript.torch_lib": "functions of PyTorch's exporter",
  ]
  return quoted(domain) + (owners[domain].map { " (\($0))" } ?? "")
}
