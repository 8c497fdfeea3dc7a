import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Operators

/// Writes the transition `f(z, x)` block by block as nodes of a graph.
struct TransitionEmitter {
  private struct SourceView: Hashable {
    let source: Source
    let shape: [Int]
  }

  let model: EquilibriumModel<Double>
  /// The file's name in messages.
  let file: String
  private let graph: ONNXGraph
  /// The values of the sources, in their own shapes and in those that terms use.
  private var values: [SourceView: ONNXValue] = [:]
  private let blocks: [ONNXValue]
  private let x: ONNXValue

  /// A transition of the state z, `[batch, N]`, and the input x, of any shape.
  init(_ model: EquilibriumModel<Double>, z: ONNXValue, x: ONNXValue, in graph: ONNXGraph, file: String) {
    self.model = model
    self.graph = graph
    self.x = x
    self.file = file
    blocks = graph.split(
      z, sizes: model.blocks.map(\.size), names: model.blocks.map { "\($0.name)/z" })
  }

  /// Adds the nodes of f, and returns its value, `[batch, N]`.
  ///
  /// - Throws: `FileError` that names the block whose operator cannot be exported.
  mutating func emit() throws(FileError) -> ONNXValue {
    var state: [ONNXValue] = []
    for block in model.blocks {
      graph.scope = block.name
      do throws(ONNXRefusal) {
        state.append(graph.batched(graph.flatten(try value(of: block)), like: x))
      } catch {
        throw FileError(.badData, file: file, place: quoted(block.name), "\(error.problem)")
      }
    }
    graph.scope = ""
    return graph.concatenate(state)
  }

  private mutating func value(of block: Block<Double>) throws(ONNXRefusal) -> ONNXValue {
    guard let nonlinearity = block.nonlinearity as? any ONNXEmitting else {
      throw ONNXRefusal("a nonlinearity with an ONNX operator", found: block.nonlinearity.description)
    }
    var ports: [ONNXValue] = []
    for port in block.portShapes.indices { ports.append(try self.port(port, of: block)) }
    return try nonlinearity.emit(ports, in: graph)
  }

  /// A pre-activation: its terms and then its offsets, summed in the order of the block.
  private mutating func port(_ port: Int, of block: Block<Double>) throws(ONNXRefusal) -> ONNXValue {
    let shape = block.portShapes[port]
    var sum: ONNXValue?
    let terms = block.terms.filter { $0.port == port }
    var offsets = block.offsets.filter { $0.port == port }
    for term in terms {
      graph.parameter = term.parameter
      // The bias is the first summand after the only term, and part of its operator, as in files that people know.
      if terms.count == 1, let first = offsets.first, term.map.takesAsBias(first) {
        graph.bias = (first.tensor, first.parameter!)
        offsets.removeFirst()
      }
      let summand = try term.map.emitLinear(value(term.source, in: term.map.inputShape), in: graph)
      add(graph.reshape(summand, to: shape), to: &sum)
    }
    for offset in offsets {
      graph.parameter = offset.parameter
      add(graph.reshape(try value(of: offset), to: shape), to: &sum)
    }
    graph.parameter = nil
    if let sum { return graph.batched(sum, like: x) }
    let zeros = graph.numbers([0], shape: [Int](repeating: 1, count: shape.count + 1))
    return graph.batched(ONNXValue(name: zeros, shape: shape, isBatched: false), like: x)
  }

  private func add(_ summand: ONNXValue, to sum: inout ONNXValue?) {
    sum = sum.map { graph.add($0, summand) } ?? summand
  }

  /// A constant summand: one sample for the whole batch.
  private func value(of offset: Offset<Double>) throws(ONNXRefusal) -> ONNXValue {
    let tensor = graph.sample(offset.tensor, named: "offset")
    guard let map = offset.map else { return tensor }
    return try map.emitLinear(tensor, in: graph)
  }

  /// The value of a source, in a shape.
  private mutating func value(_ source: Source, in shape: [Int]) -> ONNXValue {
    let view = SourceView(source: source, shape: shape)
    if let known = values[view] { return known }
    let value: ONNXValue =
      switch source {
      case .input: graph.reshape(x, to: shape)
      case .node(let index): graph.reshape(blocks[index], to: shape)
      }
    values[view] = value
    return value
  }
}
