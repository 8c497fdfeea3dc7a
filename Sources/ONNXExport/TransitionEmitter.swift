import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Operators

/// Writes the transition `f(z, x)` as nodes of a graph, block by block.
struct TransitionEmitter {
  private struct Place: Hashable {
    let source: Source
    let shape: [Int]
  }

  let model: EquilibriumModel<Double>
  /// What messages call the file.
  let file: String
  private let graph: ONNXGraph
  /// What the sources hold, as they are given and in the shapes that terms have asked for.
  private var values: [Place: ONNXValue] = [:]
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
  /// - Throws: `FileError` that names the block with an operator that cannot be exported.
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
      throw ONNXRefusal("a nonlinearity that ONNX has", found: block.nonlinearity.description)
    }
    var ports: [ONNXValue] = []
    for port in block.portShapes.indices { ports.append(try self.port(port, of: block)) }
    return try nonlinearity.emit(ports, in: graph)
  }

  /// A pre-activation: its terms and then its offsets, added up in the order of the block.
  private mutating func port(_ port: Int, of block: Block<Double>) throws(ONNXRefusal) -> ONNXValue {
    let shape = block.portShapes[port]
    var sum: ONNXValue?
    for term in block.terms where term.port == port {
      graph.parameter = term.parameter
      let summand = try term.map.emitLinear(value(term.source, in: term.map.inputShape), in: graph)
      add(graph.reshape(summand, to: shape), to: &sum)
    }
    for offset in block.offsets where offset.port == port {
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

  /// A constant summand: one sample, which holds for the whole batch.
  private func value(of offset: Offset<Double>) throws(ONNXRefusal) -> ONNXValue {
    let tensor = graph.sample(offset.tensor, named: "offset")
    guard let map = offset.map else { return tensor }
    return try map.emitLinear(tensor, in: graph)
  }

  /// What a source holds, in a shape.
  private mutating func value(_ source: Source, in shape: [Int]) -> ONNXValue {
    let place = Place(source: source, shape: shape)
    if let known = values[place] { return known }
    let value: ONNXValue =
      switch source {
      case .input: graph.reshape(x, to: shape)
      case .node(let index): graph.reshape(blocks[index], to: shape)
      }
    values[place] = value
    return value
  }
}
