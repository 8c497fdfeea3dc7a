import Equilibria
import FileAccess
import ONNXSchema
import Operators

/// The layout of a model's state, for the stopping rule and the read-out.
package struct StateLayout {
  /// The names of the blocks.
  package let names: [String]
  /// The number of coordinates of each block.
  package let sizes: [Int]
  /// The groups of blocks that read each other, each other block being a group of its own; in the order of
  /// their first members.
  package let groups: [[Int]]

  /// The layout of these blocks; groups in any order.
  package init(names: [String], sizes: [Int], groups: [[Int]]) {
    (self.names, self.sizes) = (names, sizes)
    self.groups = groups.sorted { $0[0] < $1[0] }
  }

  /// The layout of a model's state.
  package init(_ model: EquilibriumModel<Double>) {
    self.init(
      names: model.blocks.map(\.name), sizes: model.blocks.map(\.size), groups: model.groups.map(\.members))
  }

  /// The number of coordinates.
  package var size: Int { sizes.reduce(0, +) }
}

/// One iteration: the transition and the loop condition.
///
/// The weights and x belong to the enclosing graph.
package struct LoopBody {
  /// The body graph of the loop.
  package let proto: ONNXGraphProto

  /// The iteration of a model. If it checks convergence, it also carries a flag for each sample, and ends
  /// when all samples have converged.
  package init(
    _ model: EquilibriumModel<Double>, x: ONNXValue, checksConvergence: Bool, outer: ONNXGraph, file: String
  ) throws(FileError) {
    let graph = ONNXGraph(
      precision: outer.precision, opset: outer.opset, initializers: outer.initializers)
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
    // A result of the body must be a node's output, not an input of the body.
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

  /// The state with NaN and infinities replaced by 0, the start.
  ///
  /// A denominator that is still 0 may give 0/0, which a block that reads itself would keep forever. An
  /// equilibrium has no such numbers, and a state that has them never counts as converged.
  package static func finite(_ z: ONNXValue, in graph: ONNXGraph) -> ONNXValue {
    let greatest =
      graph.precision == .float32 ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
    let isFinite = graph.combine("LessOrEqual", graph.absolute(z), greatest)
    let names = graph.node("Where", [isFinite.name, z.name, graph.number(0)], results: ["finite"])
    return ONNXValue(name: names[0], shape: z.shape)
  }

  /// Whether some sample has not converged, and for each sample whether every |f − z| is within the
  /// tolerances of the largest |z| of its group of blocks.
  ///
  /// Coordinates are compared one by one, because runtimes differ in the maximum of numbers with NaN among
  /// them. A coordinate that is NaN counts as not converged, since it may become a number.
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
    let least = graph.reduction("ReduceMin", isClose, axes: [1], result: "least", keepsAxes: false)
    let each = cast(least, to: .bool, "converged")
    let waiting = cast(graph.node("Not", [each], results: ["waits"])[0], to: .float32, "waiting")
    let count = graph.node("ReduceSum", [waiting], results: ["waiting_count"], [("keepdims", .integer(0))])
    return (cast(count[0], to: .bool, "some_wait"), each)
  }

  /// For every coordinate of z the largest magnitude in its group of blocks: blocks that read each other
  /// share one scale, every other block has its own.
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
