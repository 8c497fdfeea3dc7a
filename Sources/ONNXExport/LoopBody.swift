import Equilibria
import FileAccess
import ONNXSchema
import Operators

/// The state of a model, as the stopping rule and the read-out see it.
package struct StateLayout {
  /// What the blocks are called.
  package let names: [String]
  /// The number of coordinates of each block.
  package let sizes: [Int]
  /// The blocks that read each other, and each other block alone; by their first members, which are in order.
  package let groups: [[Int]]

  /// The state of these blocks; groups in any order.
  package init(names: [String], sizes: [Int], groups: [[Int]]) {
    (self.names, self.sizes) = (names, sizes)
    self.groups = groups.sorted { $0[0] < $1[0] }
  }

  /// The state of a model.
  package init(_ model: EquilibriumModel<Double>) {
    self.init(
      names: model.blocks.map(\.name), sizes: model.blocks.map(\.size), groups: model.groups.map(\.members))
  }

  /// The number of coordinates.
  package var size: Int { sizes.reduce(0, +) }
}

/// One iteration: the transition, and whether to go on.
///
/// Weights and x are those of the graph around it.
package struct LoopBody {
  /// The graph that the loop has as its body.
  package let proto: ONNXGraphProto

  /// The iteration of a model; one that checks convergence also carries which samples have converged, and ends when all
  /// have.
  package init(
    _ model: EquilibriumModel<Double>, x: ONNXValue, checksConvergence: Bool, outer: ONNXGraph, file: String
  ) throws(FileError) {
    let graph = ONNXGraph(precision: outer.precision, initializers: outer.initializers)
    let names = outer.initializers
    let (iteration, goesOn) = (names.uniqueName("iteration"), names.uniqueName("goes_on"))
    let z = ONNXValue(name: names.uniqueName("z"), shape: [model.stateSize])
    let from = checksConvergence ? Self.finite(z, in: graph) : z
    var transition = TransitionEmitter(model, z: from, x: x, in: graph, file: file)
    let f = try transition.emit()
    var inputs = [
      ONNXValueInfoProto(iteration, .int64), ONNXValueInfoProto(goesOn, .bool),
      ONNXValueInfoProto(z.name, graph.type, batchShape: z.shape),
    ]
    // A result of the body is a node's, not one of its inputs.
    let result = graph.node("Identity", [f.name], results: ["f"])[0]
    var outputs = [ONNXValueInfoProto(result, graph.type, batchShape: z.shape)]
    if checksConvergence {
      let (some, each) = Self.convergence(of: from, to: f, for: StateLayout(model), in: graph)
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

  /// The state with 0, the start, for what is no number or infinite.
  ///
  /// Before a denominator has its value there may be 0/0, which a block that reads itself would never be rid of. An
  /// equilibrium has no such numbers, and one that has them never counts as converged.
  package static func finite(_ z: ONNXValue, in graph: ONNXGraph) -> ONNXValue {
    let greatest =
      graph.precision == .float32 ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
    let isFinite = graph.combine("LessOrEqual", graph.absolute(z), greatest)
    let names = graph.node("Where", [isFinite.name, z.name, graph.number(0)], results: ["finite"])
    return ONNXValue(name: names[0], shape: z.shape)
  }

  /// Whether some sample has yet to converge, and for each sample whether every |f − z| is within the tolerances of
  /// the largest |z| of its group of blocks.
  ///
  /// Each coordinate is compared: what a runtime makes of the largest of numbers that are not all numbers is its own
  /// affair. A coordinate that is none goes on, since it may become one.
  package static func convergence(
    of z: ONNXValue, to f: ONNXValue, for layout: StateLayout, in graph: ONNXGraph
  ) -> (some: String, each: String) {
    let (relative, absolute) = graph.precision.tolerances
    let magnitude = magnitudes(of: z, layout, in: graph)
    let allowed = graph.add(graph.multiply(magnitude, relative), absolute)
    let distance = graph.absolute(graph.subtract(f, z))
    func cast(_ name: String, to type: ONNXElementType, _ result: String) -> String {
      graph.node("Cast", [name], results: [result], [("to", .integer(Int(type.rawValue)))])[0]
    }
    let isClose = cast(graph.combine("LessOrEqual", distance, allowed).name, to: .float32, "is_close")
    let least = graph.node(
      "ReduceMin", [isClose, graph.integers([1])], results: ["least"], [("keepdims", .integer(0))])
    let each = cast(least[0], to: .bool, "converged")
    let waiting = cast(graph.node("Not", [each], results: ["waits"])[0], to: .float32, "waiting")
    let count = graph.node("ReduceSum", [waiting], results: ["waiting_count"], [("keepdims", .integer(0))])
    return (cast(count[0], to: .bool, "some_wait"), each)
  }

  /// For every coordinate of z the largest magnitude in the group of blocks that it belongs to: blocks that read each
  /// other have one scale, others each their own.
  private static func magnitudes(
    of z: ONNXValue, _ layout: StateLayout, in graph: ONNXGraph
  ) -> ONNXValue {
    let blocks = graph.split(
      graph.absolute(z), sizes: layout.sizes, names: layout.names.map { "\($0)/magnitude" })
    var places = [Int](repeating: 0, count: layout.sizes.count)
    var largest: [ONNXValue] = []
    for (place, group) in layout.groups.enumerated() {
      for member in group { places[member] = place }
      let together = graph.concatenate(group.map { blocks[$0] })
      largest.append(graph.reduce("ReduceMax", together, axes: [0]))
    }
    let ofCoordinates = zip(places, layout.sizes).flatMap { repeatElement($0, count: $1) }
    return graph.gather(graph.concatenate(largest), at: ofCoordinates, shape: z.shape)
  }
}
