import FileAccess
import LinearAlgebra
import ONNXExport
import Operators

/// The loop of an exported equilibrium, and its stopping rule.
struct LoopNode {
  let node: ONNXModel.Node
  let body: ONNXModel.Subgraph
  /// Whether the loop ends when every sample has converged; otherwise it ends after a fixed number of
  /// iterations.
  let checksConvergence: Bool
  /// The number of coordinates of the state.
  let stateSize: Int
  private let iterations: Int
  private let opset: Int
  private let found: FoundGraph

  /// The loop, after its number of iterations, its condition and the outer form of its body have been
  /// verified.
  ///
  /// - Throws: If something differs from what would be written.
  init(_ node: ONNXModel.Node, of model: ONNXModel) throws(ImportFailure) {
    let place = node.place
    guard node.attributes.count == 1, case .graph(let body)? = node.attributes["body"] else {
      throw .refused(place: place, "expected a body, and no other attribute")
    }
    checksConvergence = node.inputs.count == 4
    let carried = checksConvergence ? 2 : 1
    guard (3...4).contains(node.inputs.count), node.outputs.count == carried,
      body.inputs.count == carried + 2, body.outputs.count == carried + 1
    else {
      throw .refused(
        place: place,
        "expected a state, and optionally convergence flags, found a loop over "
          + counted(max(0, node.inputs.count - 2), "value"))
    }
    guard body.initializers.isEmpty else {
      throw .refused(
        place: place, "expected constants outside of the loop, found \(body.initializers.count) inside")
    }
    let given = Set(model.initializers.map(\.name) + model.inputs.map(\.name))
    if let taken = body.inputs.first(where: { given.contains($0.name) }) {
      throw .refused(place: place, "expected unique names in the body, found \(quoted(taken.name))")
    }
    found = FoundGraph(body.nodes, model.initializers)
    guard case .integers(let count)? = found.constants[node.inputs[0]]?.contents, count.count == 1,
      count[0] >= 1
    else {
      throw .refused(place: place, "expected a constant number of iterations of at least 1, found another")
    }
    guard let condition = found.constants[node.inputs[1]], condition.type == .bool,
      case .integers([1]) = condition.contents
    else { throw .refused(place: place, "expected a condition that is true at first, found another") }
    guard let shape = body.inputs[2].shape, shape.count == 2, case .fixed(let size) = shape[1], size >= 1
    else {
      throw .refused(place: place, "expected a state of vectors of known size, found another")
    }
    (iterations, stateSize) = (count[0], size)
    (self.node, self.body, opset) = (node, body, model.writtenOpset)
  }

  /// The name of the state that the transition reads. If convergence is checked, it is the state with 0 in
  /// place of NaN and infinities.
  func state(_ precision: Precision) throws(ImportFailure) -> String {
    let z = body.inputs[2].name
    guard checksConvergence else { return z }
    for node in body.nodes where node.operatorType == "Where" && node.outputs.count == 1 {
      var match = match(precision) { graph in
        [LoopBody.finite(ONNXValue(name: "z", shape: [stateSize]), in: graph).name]
      }
      if (try? match.match.match(match.names[0], node.outputs[0])) != nil { return node.outputs[0] }
    }
    throw .refused(
      place: node.place, "expected a body that replaces numbers that are not finite by 0, found another")
  }

  /// A comparison with the nodes that `build` writes for the state z.
  private func match(
    _ precision: Precision, bindings: [String: String] = [:], _ build: (ONNXGraph) -> [String]
  ) -> (match: GraphMatch, names: [String]) {
    let graph = ONNXGraph(precision: precision, opset: opset)
    let names = build(graph)
    let bindings = bindings.merging(["z": body.inputs[2].name]) { own, _ in own }
    return (GraphMatch(graph, in: found, bindings: bindings), names)
  }

  /// Compares the loop's stopping rule with the one that would be written for this transition.
  ///
  /// - Throws: If it differs, or if the number of iterations is too small for the longest path.
  func verify(
    _ transition: ImportedTransition, state: String, _ precision: Precision
  ) throws(ImportFailure) {
    let layout = transition.layout
    let isCyclic = transition.isCyclic
    guard isCyclic == checksConvergence else {
      throw .refused(
        place: node.place,
        isCyclic
          ? "expected a loop that checks convergence, since blocks read each other, found one that does not"
          : "expected a number of iterations alone, since no blocks read each other, found a check of convergence"
      )
    }
    let result = body.outputs[1].name
    guard let f = found.givers[result]?.node, f.operatorType == "Identity", f.inputs.count == 1 else {
      throw .refused(place: node.place, "expected a body that gives f(z, x), found another")
    }
    if !isCyclic {
      guard iterations >= transition.longestPath else {
        throw .refused(
          place: node.place,
          "expected at least \(counted(transition.longestPath, "iteration")), the length of the longest path, found \(iterations)"
        )
      }
      var (match, names) = match(precision, bindings: ["goes_on": body.inputs[1].name]) { graph in
        graph.node("Identity", ["goes_on"], results: ["next"])
      }
      return try match.match(names[0], body.outputs[0].name)
    }
    let vector = [stateSize]
    var (match, names) = match(precision, bindings: ["f": f.inputs[0], "from": state]) { graph in
      let rule = LoopBody.convergence(
        of: ONNXValue(name: "from", shape: vector), to: ONNXValue(name: "f", shape: vector), for: layout,
        in: graph)
      return [rule.some, rule.each]
    }
    try match.match(names[0], body.outputs[0].name)
    try match.match(names[1], body.outputs[2].name)
  }
}

extension ONNXModel {
  /// The version of the operators with which this file would be written: its own, where such files are written.
  var writtenOpset: Int { ONNXExport.opsets.contains(opset) ? opset : ONNXExport.opset }
}
