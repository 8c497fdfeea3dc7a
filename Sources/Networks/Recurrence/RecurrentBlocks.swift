import Blocks
import LinearAlgebra
import Operators

/// The blocks of an unrolled recurrent layer under construction.
final class RecurrentBlocks {
  private let name: String
  /// The position in the network of the first block.
  private let first: Int
  private(set) var blocks: [Block<Double>] = []

  init(name: String, first: Int) {
    (self.name, self.first) = (name, first)
  }

  /// Adds a block whose name is the layer's and a suffix, and returns its value.
  func add(
    _ suffix: String, _ nonlinearity: any Nonlinearity, _ ports: [RecurrentSum], shape: [Int]? = nil
  ) -> RecurrentSum {
    let shape = shape ?? [ports[0].size]
    blocks.append(
      Block(
        name: name + suffix, shape: shape, nonlinearity: nonlinearity,
        portShapes: ports.map { ports.count == 1 ? shape : [$0.size] },
        terms: ports.enumerated().flatMap { port, sum in
          sum.terms.map { Term(port: port, source: $0.source, map: $0.map, parameter: $0.parameter) }
        },
        offsets: ports.enumerated().flatMap { port, sum in sum.offsets.map { $0.at(port: port) } }))
    let size = shape.reduce(1, *)
    return RecurrentSum(partOf: .node(first + blocks.count - 1), total: size, start: 0, size: size)
  }
}

/// A sum that becomes the port of a block: of parts of earlier values, of linear maps of them and of constants.
struct RecurrentSum {
  /// The number of coordinates.
  let size: Int
  fileprivate(set) var terms: [Term<Double>] = []
  fileprivate(set) var offsets: [Offset<Double>] = []
  /// Where the sum is adjacent coordinates of an earlier value, that value's source and size, and the first of them.
  private let place: (source: Source, total: Int, start: Int)?

  /// A sum of these terms and offsets.
  init(size: Int, terms: [Term<Double>], offsets: [Offset<Double>]) {
    (self.size, self.terms, self.offsets, place) = (size, terms, offsets, nil)
  }

  /// Adjacent coordinates of an earlier value.
  ///
  /// - Precondition: `size` divides `start` and `total`.
  init(partOf source: Source, total: Int, start: Int, size: Int) {
    precondition(start % size == 0 && total % size == 0, "a part across others")
    let map: any LinearMap<Double> =
      size == total
      ? IdentityMap<Double>([size])
      : try! Slice<Double>(  // within the value, as the precondition says
        inputShape: [total / size, size], dim: 0, start: start / size, end: start / size + 1)
    self.size = size
    terms = [Term(source: source, map: map)]
    place = (source, total, start)
  }

  /// The value that this sum is the whole of.
  var source: Source {
    guard let place, place.total == size else { preconditionFailure("a sum that is no value of a block") }
    return place.source
  }

  /// The part of this size at an index, of a sum that is a part itself.
  func part(_ index: Int, of size: Int) -> RecurrentSum {
    guard let place else { preconditionFailure("a part of a sum that is no value of a block") }
    return RecurrentSum(
      partOf: place.source, total: place.total, start: place.start + index * size, size: size)
  }

  static func + (a: RecurrentSum, b: RecurrentSum) -> RecurrentSum {
    RecurrentSum(size: a.size, terms: a.terms + b.terms, offsets: a.offsets + b.offsets)
  }
}

extension Offset<Double> {
  fileprivate func at(port: Int) -> Offset {
    var offset = self
    offset.port = port
    return offset
  }
}

/// One direction of a recurrent layer as blocks.
struct RecurrentBlockDirection {
  let blocks: RecurrentBlocks
  let gates: [RecurrentGate]
  let hidden: Int
  let activations: [any Nonlinearity]
  let weights: RecurrentWeights
  /// The beginning of its parameters' names, `lstm.`, and their end: empty, or `_reverse`.
  let parameters: (prefix: String, suffix: String)
  /// What the names of its blocks begin with behind the layer's: empty, or `.reverse`.
  let prefix: String

  private func parameter(_ name: String) -> String { parameters.prefix + name + parameters.suffix }

  /// `W x + b` of all gates and all steps, in one block `[length, gates · hidden]`.
  func fromInput(_ source: Source, shape: [Int]) throws(InvalidConstants) -> RecurrentSum {
    let map = try Linear<Double>(inputShape: shape, weight: weights.inputWeight)
    let offsets = try weights.inputBias.map { bias throws(InvalidConstants) in
      Offset(
        tensor: bias, map: try Expand<Double>(inputShape: bias.shape, shape: map.outputShape, dim: [1]),
        parameter: parameter("bias_ih"))
    }
    let sum = RecurrentSum(
      size: map.outputSize, terms: [Term(source: source, map: map, parameter: parameter("weight_ih"))],
      offsets: offsets.map { [$0] } ?? [])
    return blocks.add("\(prefix).input", Identity(), [sum], shape: map.outputShape)
  }

  /// A constant, which is zero without numbers.
  func constant(_ numbers: [Double]?, as name: String) -> RecurrentSum {
    let vector = numbers ?? [Double](repeating: 0, count: hidden)
    let sum = RecurrentSum(size: hidden, terms: [], offsets: [Offset(vector: vector)])
    return blocks.add("\(prefix).\(name)", Identity(), [sum])
  }

  fileprivate func fromState(_ h: RecurrentSum) -> RecurrentSum {
    RecurrentSum(
      size: gates.count * hidden,
      terms: [
        Term(source: h.source, map: DenseMap(weights.stateWeight), parameter: parameter("weight_hh"))
      ],
      offsets: weights.stateBias.map { [Offset(tensor: $0, parameter: parameter("bias_hh"))] } ?? [])
  }

  fileprivate func peephole(_ gate: RecurrentGate, _ c: RecurrentSum) -> RecurrentSum? {
    guard let index = RecurrentWeights.peepholeGates.firstIndex(of: gate), !weights.peepholes.isEmpty else {
      return nil
    }
    // The shapes have been checked.
    let map = try! Scale<Double>(inputShape: [hidden], weight: weights.peepholes[index])
    let name = parameter(RecurrentWeights.peepholeNames[index])
    return RecurrentSum(
      size: hidden, terms: [Term(source: c.source, map: map, parameter: name)], offsets: [])
  }
}

/// One step of a recurrent layer as blocks.
struct RecurrentBlockStep: RecurrentArithmetic {
  typealias Failure = Never

  let direction: RecurrentBlockDirection
  /// `W x + b` of all gates and all steps.
  let inputs: RecurrentSum
  let place: Int

  private var width: Int { direction.gates.count * direction.hidden }

  private func add(
    _ name: String, _ nonlinearity: any Nonlinearity, _ ports: [RecurrentSum]
  ) -> RecurrentSum {
    direction.blocks.add("\(direction.prefix).\(place).\(name)", nonlinearity, ports)
  }

  func fromInput() -> RecurrentSum { inputs.part(place, of: width) }

  func fromState(_ h: RecurrentSum) -> RecurrentSum { direction.fromState(h) }

  func fromState(_ h: RecurrentSum, _ gate: RecurrentGate, as name: String) -> RecurrentSum {
    // A part of a parameter is no linear map: the other gates are computed too.
    part(gate, of: add(name, Identity(), [direction.fromState(h)]), as: name)
  }

  func fromMemory(_ c: RecurrentSum, _ gate: RecurrentGate, as name: String) -> RecurrentSum? {
    direction.peephole(gate, c)
  }

  func part(_ gate: RecurrentGate, of all: RecurrentSum, as name: String) -> RecurrentSum {
    all.part(direction.gates.firstIndex(of: gate)!, of: direction.hidden)
  }

  func sum(_ a: RecurrentSum, _ b: RecurrentSum, as name: String) -> RecurrentSum { a + b }

  func difference(_ a: RecurrentSum, _ b: RecurrentSum, as name: String) -> RecurrentSum {
    let map = Multiply<Double>([b.size], factor: -1)
    return a + RecurrentSum(size: b.size, terms: [Term(source: b.source, map: map)], offsets: [])
  }

  func product(_ a: RecurrentSum, _ b: RecurrentSum, as name: String) -> RecurrentSum {
    add(name, Product(), [a, b])
  }

  func activation(_ index: Int, of value: RecurrentSum, as name: String) -> RecurrentSum {
    add(name, direction.activations[index], [value])
  }

  func shared(_ value: RecurrentSum, as name: String) -> RecurrentSum { add(name, Identity(), [value]) }
}
