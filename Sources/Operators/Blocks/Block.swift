import LinearAlgebra

/// Where a block reads from: the model's input, or a node (a layer of a network, a block of an equilibrium model).
public enum Source: Hashable, Sendable {
  /// The model's input x.
  case input
  /// The value of the node at this position.
  case node(Int)
}

/// One summand of a pre-activation: a linear map of what a source holds. One entry of `W_z` or `W_x`.
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
}

/// A constant summand of a pre-activation: one entry of `b`.
public struct Offset<S: Scalar>: Sendable {
  /// Which port of the block it adds to.
  public var port: Int
  /// The vector, as long as the port.
  public var vector: [S]
  /// The name of the parameter that it is, if it has been given one.
  public var parameter: String?

  /// The summand `vector` of a port.
  public init(port: Int = 0, vector: [S], parameter: String? = nil) {
    self.port = port
    self.vector = vector
    self.parameter = parameter
  }
}

/// `z = φ(p_1, …, p_m)` with ports `p = Σ_j A_j z_j + B x + c`: the piece that both kinds of model are made of.
///
/// A network's explicit layer is a block that reads earlier values; a block of an equilibrium model reads the
/// state. Both evaluate it by the code below, in the same order of summation, so the same block on the same
/// values returns the same bits in either.
public struct Block<S: Scalar>: Sendable {
  /// The block's name, unique in its model.
  public var name: String
  /// The number of coordinates of z.
  public let size: Int
  /// φ.
  public var nonlinearity: any Nonlinearity
  /// The size of each port.
  public let portSizes: [Int]
  /// The linear summands of all ports.
  public var terms: [Term<S>]
  /// The constant summands of all ports.
  public var offsets: [Offset<S>]

  /// A block; `portSizes` may be left out for a block with one port as large as itself.
  public init(
    name: String, size: Int, nonlinearity: any Nonlinearity, portSizes: [Int]? = nil,
    terms: [Term<S>], offsets: [Offset<S>] = []
  ) {
    self.name = name
    self.size = size
    self.nonlinearity = nonlinearity
    self.portSizes = portSizes ?? [size]
    self.terms = terms
    self.offsets = offsets
  }

  /// The same block in another precision, every number rounded to nearest.
  public func cast<T: Scalar>(to type: T.Type) -> Block<T> {
    Block<T>(
      name: name, size: size, nonlinearity: nonlinearity, portSizes: portSizes,
      terms: terms.map {
        Term<T>(port: $0.port, source: $0.source, map: $0.map.cast(to: type), parameter: $0.parameter)
      },
      offsets: offsets.map {
        Offset<T>(port: $0.port, vector: convert($0.vector, to: type), parameter: $0.parameter)
      })
  }
}

extension Block {
  /// The ports `p_i` for a batch: `[batch, portSizes[i]]` each, given what every source holds.
  public func preactivations(batch: Int, reading value: (Source) -> Matrix<S>) -> [Matrix<S>] {
    var ports = portSizes.map { Matrix<S>(rows: batch, columns: $0) }
    for term in terms {
      term.map.add(of: value(term.source), to: &ports[term.port])
    }
    for offset in offsets {
      ports[offset.port].addToEveryRow(offset.vector)
    }
    return ports
  }

  /// z = φ(p_1, …, p_m), `[batch, size]`.
  public func value(at ports: [Matrix<S>]) -> Matrix<S> {
    nonlinearity.value(at: ports)
  }

  /// Adds `Aᵀ s` to the cotangent of each source that the block reads, for the cotangents `s` of its ports.
  public func pullBack(_ portCotangents: [Matrix<S>], add: (Source, (inout Matrix<S>) -> Void) -> Void) {
    for term in terms {
      add(term.source) { term.map.addTransposed(of: portCotangents[term.port], to: &$0) }
    }
  }
}
