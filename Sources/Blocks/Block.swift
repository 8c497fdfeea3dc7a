import LinearAlgebra
import Operators

/// Where a block reads from: the model's input, or a node (a layer of a network, a block of an equilibrium model).
public enum Source: Hashable, Sendable {
  /// The model's input x.
  case input
  /// The value of the node at this position.
  case node(Int)
}

/// One summand of a pre-activation: a linear map of the value of a source. One entry of `W_z` or `W_x`.
public struct Term<S: Scalar>: Sendable {
  /// Which port of the block it adds to.
  public var port: Int
  /// What it reads.
  public var source: Source
  /// The linear map.
  public var map: any LinearMap<S>
  /// The name of the parameter that the map carries, if it has been given one.
  public var parameter: String?

  /// The summand `map(source)` of a port.
  public init(port: Int = 0, source: Source, map: any LinearMap<S>, parameter: String? = nil) {
    self.port = port
    self.source = source
    self.map = map
    self.parameter = parameter
  }

  /// The same summand in another precision.
  public func cast<T: Scalar>(to type: T.Type) -> Term<T> {
    Term<T>(port: port, source: source, map: map.cast(to: type), parameter: parameter)
  }
}

/// A constant summand of a pre-activation: one entry of `b`.
///
/// The trained tensor may be smaller than the port that it is added to: a convolution has one bias for each
/// channel. `map` then takes the tensor to the summand.
public struct Offset<S: Scalar>: Sendable {
  /// Which port of the block it adds to.
  public var port: Int
  /// The trained numbers, in their own shape.
  public let tensor: Tensor<S>
  /// The map from the tensor to the summand; nil if the tensor is the summand.
  public let map: (any LinearMap<S>)?
  /// The value of `map` on the tensor, each sum rounded once.
  private let mapped: [S]?
  /// Whether `map` sums several numbers of the tensor, in exact arithmetic; if not, each coordinate of the
  /// summand is one number of the tensor, or one product.
  public let isSum: Bool
  /// The name of the parameter that the tensor is, if it has been given one.
  public var parameter: String?

  /// The summand `vector` of a port.
  public init(port: Int = 0, vector: [S], parameter: String? = nil) {
    self.init(port: port, tensor: Tensor(vector), parameter: parameter)
  }

  /// The numbers of `tensor`, of any shape, as the summand of a port.
  public init(port: Int = 0, tensor: Tensor<S>, parameter: String? = nil) {
    self.port = port
    self.tensor = tensor
    map = nil
    mapped = nil
    isSum = false
    self.parameter = parameter
  }

  /// The summand `map(tensor)` of a port.
  ///
  /// Sums are exact before they are rounded, because the numbers may cancel, and the rounding errors of a
  /// running sum would be in every output.
  public init(port: Int = 0, tensor: Tensor<S>, map: any LinearMap<S>, parameter: String? = nil) {
    self.port = port
    self.tensor = tensor
    self.map = map
    self.parameter = parameter
    var vector = Matrix<S>(rows: 1, columns: map.outputSize)
    map.add(of: Matrix(rows: 1, columns: tensor.count, elements: tensor.elements), to: &vector)
    isSum = replaceSums(in: &vector.elements, of: map, applied: tensor.elements)
    mapped = vector.elements
  }

  /// The summand itself, as long as the port.
  public var vector: [S] { mapped ?? tensor.elements }

  /// The number of coordinates of the summand.
  public var count: Int { map?.outputSize ?? tensor.count }

  /// Adds the summand to every sample's port: p is `[batch, port]`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func add(to p: inout Matrix<S>) {
    if let map, !isSum, tensor.count <= count / 8 {
      // A few numbers repeated over many coordinates are expanded once, not once for every sample.
      let rows = Matrix(rows: p.rows, columns: tensor.count) { rows in
        for row in 0..<p.rows {
          for (index, number) in tensor.elements.enumerated() { rows[row * tensor.count + index] = number }
        }
      }
      map.add(of: rows, to: &p)
    } else {
      p.addToEveryRow(vector)
    }
  }

  /// The gradient with respect to the tensor, for cotangents of the port, `[batch, port]`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func gradient(cotangent s: Matrix<S>) -> Tensor<S> {
    let sum = s.sumOfRows
    guard let map else { return Tensor(shape: tensor.shape, elements: sum) }
    var gradient = Matrix<S>(rows: 1, columns: tensor.count)
    map.addTransposed(of: Matrix(rows: 1, columns: sum.count, elements: sum), to: &gradient)
    return Tensor(shape: tensor.shape, elements: gradient.elements)
  }

  /// The same summand in another precision.
  public func cast<T: Scalar>(to type: T.Type) -> Offset<T> {
    guard let map else {
      return Offset<T>(port: port, tensor: tensor.cast(to: type), parameter: parameter)
    }
    return Offset<T>(port: port, tensor: tensor.cast(to: type), map: map.cast(to: type), parameter: parameter)
  }
}

/// Replaces each coordinate of `A x` that is a sum of several numbers by that sum in exact arithmetic,
/// rounded once.
///
/// A coordinate that is not finite keeps the value that the map computed.
///
/// - Returns: Whether there is such a coordinate.
private func replaceSums<S: Scalar>(
  in values: inout [S], of map: any LinearMap<S>, applied x: [S]
) -> Bool {
  let parameter = map.parameter?.elements ?? []
  var isSum = false
  var summands: [EntrySummand] = []
  for row in values.indices {
    summands.removeAll(keepingCapacity: true)
    map.forEachSummand(inRow: row) { summands.append($0) }
    guard summands.count > 1 else { continue }
    isSum = true
    var sums: [(divisor: Int, sum: Expansion)] = []
    for summand in summands {
      if sums.last?.divisor != summand.divisor { sums.append((summand.divisor, Expansion())) }
      let element = summand.element.map { Double(parameter[$0]) } ?? 1
      sums[sums.count - 1].sum.add(summand.factor, times: element, times: Double(x[summand.column]))
    }
    let value = S(sums.reduce(0) { $0 + $1.sum.value / Double($1.divisor) })
    if value.isFinite { values[row] = value }
  }
  return isSum
}

/// `z = φ(p_1, …, p_m)` with ports `p = Σ_j A_j z_j + B x + c`: the building block of both kinds of model.
///
/// A network's explicit layer is a block that reads earlier values; a block of an equilibrium model reads
/// the state. Both are evaluated by the code below in the same order of summation, so the same block on the
/// same values gives the same bits in either.
public struct Block<S: Scalar>: Sendable {
  /// The block's name, unique in its model.
  public var name: String
  /// The shape of z, without the batch.
  public let shape: [Int]
  /// φ.
  public var nonlinearity: any Nonlinearity
  /// The shape of each port.
  public let portShapes: [[Int]]
  /// The linear summands of all ports.
  public var terms: [Term<S>]
  /// The constant summands of all ports.
  public var offsets: [Offset<S>]

  /// A block; `portShapes` may be left out for a block with one port as large as itself.
  public init(
    name: String, shape: [Int], nonlinearity: any Nonlinearity, portShapes: [[Int]]? = nil,
    terms: [Term<S>], offsets: [Offset<S>] = []
  ) {
    self.name = name
    self.shape = shape
    self.nonlinearity = nonlinearity
    self.portShapes = portShapes ?? [shape]
    self.terms = terms
    self.offsets = offsets
  }

  /// A block whose value is a vector of `size` coordinates, with one port as large as itself.
  public init(
    name: String, size: Int, nonlinearity: any Nonlinearity, terms: [Term<S>], offsets: [Offset<S>] = []
  ) {
    self.init(name: name, shape: [size], nonlinearity: nonlinearity, terms: terms, offsets: offsets)
  }

  /// The number of coordinates of z.
  public var size: Int { shape.reduce(1, *) }

  /// The number of coordinates of each port.
  public var portSizes: [Int] { portShapes.map { $0.reduce(1, *) } }

  /// The same block in another precision, every number rounded to nearest.
  public func cast<T: Scalar>(to type: T.Type) -> Block<T> {
    Block<T>(
      name: name, shape: shape, nonlinearity: nonlinearity, portShapes: portShapes,
      terms: terms.map { $0.cast(to: type) },
      offsets: offsets.map { $0.cast(to: type) })
  }
}

extension Block {
  /// The ports `p_i` for a batch, `[batch, portSizes[i]]` each, given the value of every source.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func preactivations(batch: Int, reading value: (Source) -> Matrix<S>) -> [Matrix<S>] {
    if portShapes.count == 1 { return [onlyPort(batch: batch, reading: value)] }
    var sums = [Matrix<S>?](repeating: nil, count: portShapes.count)
    forEachTerm { add($0.map, of: value($0.source), to: &sums[$0.port]) }
    return ports(from: &sums, batch: batch)
  }

  /// The first part of the ports' sums: the terms before the first that reads a variable source.
  ///
  /// An iteration need not compute them again. The order of summation stays the same, and so do all bits.
  public func constantSums(
    reading value: (Source) -> Matrix<S>, where isConstant: (Source) -> Bool
  ) -> PortSums<S> {
    var beginning = PortSums<S>(
      sums: [Matrix<S>?](repeating: nil, count: portShapes.count), rest: [])
    var isOpen = [Bool](repeating: true, count: portShapes.count)
    forEachTerm { term in
      isOpen[term.port] = isOpen[term.port] && isConstant(term.source)
      if isOpen[term.port] {
        add(term.map, of: value(term.source), to: &beginning.sums[term.port])
      } else {
        beginning.rest.append(term)
      }
    }
    return beginning
  }

  /// The ports, given the first part of their sums; `value` returns nil for a source of zeros.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func preactivations(
    batch: Int, after beginning: PortSums<S>, reading value: (Source) -> Matrix<S>?
  ) -> [Matrix<S>] {
    var sums = beginning.sums
    for term in beginning.rest {
      if let value = value(term.source) { add(term.map, of: value, to: &sums[term.port]) }
    }
    return ports(from: &sums, batch: batch)
  }

  /// Calls `body` with the terms in the order of summation. Terms that read the input come first, since
  /// files list `W_x` apart from `W_z`, and the order decides the last bit of a sum.
  private func forEachTerm(_ body: (Term<S>) -> Void) {
    for term in terms where term.source == .input { body(term) }
    for term in terms where term.source != .input { body(term) }
  }

  /// The port of a block that has one, as most have: without an array of sums, a small layer takes a tenth less time.
  @specialized(where S == Double)
  @specialized(where S == Float)
  private func onlyPort(batch: Int, reading value: (Source) -> Matrix<S>) -> Matrix<S> {
    var sum: Matrix<S>?
    forEachTerm { add($0.map, of: value($0.source), to: &sum) }
    var port = sum.take() ?? Matrix(rows: batch, columns: portShapes[0].reduce(1, *))
    for offset in offsets { offset.add(to: &port) }
    return port
  }

  /// The ports, given the sums of their terms (nil for a port without terms), whose storage is reused.
  @specialized(where S == Double)
  @specialized(where S == Float)
  private func ports(from sums: inout [Matrix<S>?], batch: Int) -> [Matrix<S>] {
    for port in sums.indices where sums[port] == nil {
      sums[port] = Matrix(rows: batch, columns: portShapes[port].reduce(1, *))
    }
    for offset in offsets { offset.add(to: &sums[offset.port]!) }
    return sums.map { $0! }
  }

  /// z = φ(p_1, …, p_m), `[batch, size]`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func value(at ports: [Matrix<S>]) -> Matrix<S> {
    nonlinearity.value(at: ports, shapes: portShapes)
  }

  /// The cotangents of the ports for a cotangent `g` of z.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func portCotangents(_ g: consuming Matrix<S>, at ports: [Matrix<S>]) -> [Matrix<S>] {
    nonlinearity.vjp(g, at: ports, shapes: portShapes)
  }

  /// Adds `Aᵀ s` to the cotangent of each source that the block reads, for the cotangents `s` of its ports.
  ///
  /// - Parameter add: Called for each term with its source and a function that adds to that source's
  ///   cotangent, which is nil before the first addition.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func pullBack(
    _ portCotangents: [Matrix<S>], add: (_ source: Source, _ summand: (inout Matrix<S>?) -> Void) -> Void
  ) {
    for term in terms {
      add(term.source) { addTransposed(term.map, of: portCotangents[term.port], to: &$0) }
    }
  }
}

/// Adds `A x` to a sum, which is nil before its first summand.
@specialized(where S == Double)
@specialized(where S == Float)
private func add<S: Scalar>(_ map: any LinearMap<S>, of x: Matrix<S>, to sum: inout Matrix<S>?) {
  if sum == nil { sum = map.value(of: x) } else { map.add(of: x, to: &sum!) }
}

/// Adds `Aᵀ g` to a sum, which is nil before its first summand.
@specialized(where S == Double)
@specialized(where S == Float)
private func addTransposed<S: Scalar>(_ map: any LinearMap<S>, of g: Matrix<S>, to sum: inout Matrix<S>?) {
  if sum == nil { sum = map.transposedValue(of: g) } else { map.addTransposed(of: g, to: &sum!) }
}

/// Partial sums of a block's ports.
public struct PortSums<S: Scalar>: Sendable {
  /// The sum of each port, nil before its first summand.
  fileprivate var sums: [Matrix<S>?]
  /// The terms still to be added, in the order of summation.
  public fileprivate(set) var rest: [Term<S>]

  /// The same sums for the samples at `rows`.
  public func selectingRows(_ rows: [Int]) -> PortSums {
    PortSums(sums: sums.map { $0?.selectingRows(rows) }, rest: rest)
  }

  /// The magnitudes of the sums, with `terms` still to be added.
  public func magnitudes(followedBy terms: [Term<S>]) -> PortSums {
    PortSums(
      sums: sums.map { sum in
        sum.map { Matrix(rows: $0.rows, columns: $0.columns, elements: Operators.magnitudes($0.elements)) }
      }, rest: terms)
  }

  /// The same sums in another precision, every number rounded to nearest.
  public func cast<T: Scalar>(to type: T.Type) -> PortSums<T> {
    PortSums<T>(sums: sums.map { $0?.cast(to: type) }, rest: rest.map { $0.cast(to: type) })
  }
}

extension Block {
  /// The block with `|A|` as the map of each term and `|c|` as each offset, for bounds on rounding errors.
  public var entrywiseMagnitude: Block {
    var block = self
    block.terms = terms.map { Term(port: $0.port, source: $0.source, map: $0.map.entrywiseMagnitude) }
    block.offsets = offsets.map { Offset(port: $0.port, vector: magnitudes($0.vector)) }
    return block
  }
}
