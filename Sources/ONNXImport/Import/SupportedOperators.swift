import FileAccess

extension ONNXModel {
  /// Refuses a graph with operators that cannot be imported, all of them with their nodes.
  ///
  /// - Throws: `ImportFailure` of kind `refused`.
  func requireSupportedOperators() throws(ImportFailure) {
    let needed = try nodesInOrder(given: Set(initializers.map(\.name)).union(inputs.map(\.name)))
    let unsupported = needed.filter {
      OperatorTable.handler(for: $0.operatorType, domain: $0.domain) == nil
    }
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
}

extension ONNXModel.Node {
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
