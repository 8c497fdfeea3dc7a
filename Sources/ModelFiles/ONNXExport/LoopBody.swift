import Equilibria
import ONNXSchema

/// One iteration: the transition, and whether to go on.
///
/// Weights and x are those of the graph around it.
struct LoopBody {
  /// The graph that the loop has as its body.
  let proto: ONNXGraphProto

  /// The iteration of a model; one that checks convergence also carries which samples have converged, and ends when all
  /// have.
  init(
    _ model: EquilibriumModel<Double>, x: ONNXValue, checksConvergence: Bool, outer: ONNXGraph, file: String
  ) throws(FileError) {
    let graph = ONNXGraph(precision: outer.precision, initializers: outer.initializers)
    let names = outer.initializers
    let (iteration, goesOn) = (names.uniqueName("iteration"), names.uniqueName("goes_on"))
    let z = ONNXValue(name: names.uniqueName("z"), shape: [model.stateSize])
    var transition = TransitionEmitter(model, z: z, x: x, in: graph, file: file)
    let f = try transition.emit()
    var inputs = [
      ONNXValueInfoProto(iteration, .int64), ONNXValueInfoProto(goesOn, .bool),
      ONNXValueInfoProto(z.name, graph.type, batchShape: z.shape),
    ]
    // A result of the body is a node's, not one of its inputs.
    let result = graph.node("Identity", [f.name], results: ["f"])[0]
    var outputs = [ONNXValueInfoProto(result, graph.type, batchShape: z.shape)]
    if checksConvergence {
      let (some, each) = Self.convergence(of: z, to: f, in: graph)
      inputs.append(ONNXValueInfoProto(names.uniqueName("had_converged"), .bool, batchShape: []))
      outputs =
        [ONNXValueInfoProto(some, .bool)] + outputs + [ONNXValueInfoProto(each, .bool, batchShape: [])]
    } else {
      let next = graph.node("Identity", [goesOn], results: ["goes_on"])[0]
      outputs.insert(ONNXValueInfoProto(next, .bool), at: 0)
    }
    proto = .with {
      $0.name = "iteration"
      $0.node = graph.nodes
      $0.input = inputs
      $0.output = outputs
    }
  }

  /// Whether some sample has yet to converge, and for each sample whether max|f − z| is within the tolerances.
  ///
  /// A sample whose state is not a number has not converged and never will, so it keeps nobody waiting.
  private static func convergence(
    of z: ONNXValue, to f: ONNXValue, in graph: ONNXGraph
  ) -> (some: String, each: String) {
    let residual = graph.reduce("ReduceMax", graph.absolute(graph.subtract(f, z)), axes: [0])
    let magnitude = graph.reduce("ReduceMax", graph.absolute(z), axes: [0])
    let (relative, absolute) = graph.precision.tolerances
    let allowed = graph.add(graph.multiply(magnitude, relative), absolute)
    let each = graph.node(
      "Squeeze", [graph.combine("LessOrEqual", residual, allowed).name, graph.integers([1])],
      results: ["converged"])[0]
    let waiting = graph.node(
      "Cast", [graph.combine("Greater", residual, allowed).name], results: ["waiting"],
      [("to", .integer(Int(ONNXElementType.float32.rawValue)))])
    let count = graph.node("ReduceSum", waiting, results: ["waiting_count"], [("keepdims", .integer(0))])
    let some = graph.node(
      "Cast", count, results: ["some_waiting"], [("to", .integer(Int(ONNXElementType.bool.rawValue)))])
    return (some[0], each)
  }
}
