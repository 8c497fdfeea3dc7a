import LinearAlgebra

/// Reverse accumulation over a graph of nodes. It holds the nodes' cotangents while they are summed from
/// the output backwards, and the gradients of the blocks' entries.
///
/// Backpropagation through a network and implicit differentiation of an equilibrium model are both such a
/// sweep; they differ in where a cyclic group's cotangents come from.
public struct ReverseSweep<S: Scalar> {
  /// The gradient with respect to one entry.
  private struct EntryGradient {
    let name: String
    /// Whether the name is the label of the entry's position in a matrix, not a parameter.
    let isPlace: Bool
    var gradient: Tensor<S>
  }

  /// The input, `[batch, input]`.
  public let input: Matrix<S>
  /// The value of each node, `[batch, size]`; of size 0 where it is to be computed again, or is not needed any more.
  private var values: [Matrix<S>]
  /// The cotangent of each node; nil before the first addition, and after it has been taken.
  private var cotangents: [Matrix<S>?]
  private var inputCotangent: Matrix<S>?
  /// The gradients in the order in which they were taken; those of one node are adjacent.
  private var entries: [EntryGradient] = []
  /// How many numbers `entries` holds.
  public private(set) var gatheredNumbers = 0
  /// The range in `entries` of each node's gradients.
  private var places: [Range<Int>]
  /// The sum of several sweeps' gradients, which takes each gradient at once; nil where the sweep keeps its own.
  private var sum: ParameterTensors<S>?
  /// The labels of positions whose gradient is in `sum`.
  private var summedPlaces: Set<String> = []

  /// A sweep over nodes with these `values` for an input, with all cotangents zero.
  ///
  /// - Parameter sum: Gradients of the same parameters to which the sweep's own are added one by one, so that no second
  ///   set of them is in memory; nil to begin with zeros.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(values: [Matrix<S>], input: Matrix<S>, addingTo sum: ParameterTensors<S>? = nil) {
    self.values = values
    self.input = input
    self.sum = sum
    cotangents = [Matrix<S>?](repeating: nil, count: values.count)
    places = [Range<Int>](repeating: 0..<0, count: values.count)
  }

  /// Adds to the cotangent of the input or of a node, which is nil before the first addition.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func add(to source: Source, _ add: (inout Matrix<S>?) -> Void) {
    switch source {
    case .input: add(&inputCotangent)
    case .node(let index): add(&cotangents[index])
    }
  }

  /// Takes a node's cotangent, zeros if nothing reads the node. Its memory is released, since it may be
  /// large and is not needed again.
  ///
  /// - Parameter size: The number of coordinates of the node.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func takeCotangent(of node: Int, size: Int) -> Matrix<S> {
    var cotangent: Matrix<S>?
    swap(&cotangent, &cotangents[node])
    return cotangent ?? Matrix(rows: input.rows, columns: size)
  }

  /// Whether a sweep releases a value, or a block's ports, after its last reader. Whoever keeps the forward pass makes
  /// the first release copy the list of values, which takes longer than the memory of a small value is worth.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public static func releases(_ value: Matrix<S>) -> Bool { value.rows * value.columns >= 4096 }

  /// Releases the value of a node, all of whose readers have been passed, unless it is small.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func releaseValue(of node: Int) {
    if Self.releases(values[node]) { values[node] = Matrix(rows: 0, columns: 0) }
  }

  /// The value of a source; one that is computed again is kept until it is released, as others may read it.
  ///
  /// - Parameter again: Computes the value of a node that the sweep was not given.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func value(of source: Source, again: (Int) -> Matrix<S>? = { _ in nil }) -> Matrix<S> {
    guard case .node(let index) = source else { return input }
    if values[index].rows < input.rows, let value = again(index) { values[index] = value }
    return values[index]
  }

  /// Propagates the cotangents `s` of a block's ports to the block's sources, and takes the gradients of
  /// its entries.
  ///
  /// - Parameters:
  ///   - node: The block's position.
  ///   - isPassed: Whether a source receives a cotangent.
  ///   - termPlace: The name for the gradient of a term without a parameter; nil discards it.
  ///   - offsetPlace: The same for a constant summand.
  ///   - valueAgain: Computes the value of a node that the sweep was not given.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func pass(
    _ s: [Matrix<S>], through block: Block<S>, at node: Int, to isPassed: (Source) -> Bool = { _ in true },
    termPlace: (Term<S>) -> String? = { _ in nil }, offsetPlace: (Offset<S>) -> String? = { _ in nil },
    valueAgain: (Int) -> Matrix<S>? = { _ in nil }
  ) {
    block.pullBack(s) { source, summand in
      if isPassed(source) { add(to: source, summand) }
    }
    for term in block.terms {
      guard let name = term.parameter ?? termPlace(term), term.map.parameterShape != nil else { continue }
      let read = value(of: term.source, again: valueAgain)
      if let gradient = term.map.parameterGradient(cotangent: s[term.port], input: read) {
        add(gradient, to: name, isPlace: term.parameter == nil, at: node)
      }
    }
    for offset in block.offsets {
      guard let name = offset.parameter ?? offsetPlace(offset) else { continue }
      add(
        offset.gradient(cotangent: s[offset.port]), to: name, isPlace: offset.parameter == nil, at: node)
    }
  }

  /// Takes the gradient of a parameter of a node; all gradients of one node must be taken in succession.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func add(_ gradient: Tensor<S>, to name: String, isPlace: Bool = false, at node: Int) {
    if sum != nil {
      // Entries with one label are summands of one matrix, whose gradient counts once.
      if !isPlace || summedPlaces.insert(name).inserted { sum!.add(gradient, to: name) }
      return
    }
    let first = places[node].isEmpty ? entries.count : places[node].lowerBound
    precondition(first + places[node].count == entries.count, "gradients of a node apart from each other")
    gatheredNumbers += gradient.count
    entries.append(EntryGradient(name: name, isPlace: isPlace, gradient: gradient))
    places[node] = first..<entries.count
  }

  /// Takes the gradients of the input and of all parameters, summed by name in the order of the nodes.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func takeGradients() -> Gradients<S> {
    if let all = sum {
      sum = nil
      return Gradients(input: takenInputCotangent, parameters: all)
    }
    return Gradients(input: takenInputCotangent, parameters: takeParameterGradients())
  }

  /// Takes the gradients of the parameters of the nodes passed so far, summed by name in the order of the nodes. The
  /// sweep goes on with the nodes before them, if none of those reads one of the parameters.
  ///
  /// - Precondition: The sweep keeps its own gradients.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func takeParameterGradients() -> ParameterTensors<S> {
    precondition(sum == nil, "gradients that were added to those of other sweeps")
    var parameters = ParameterTensors<S>(capacity: entries.count)
    let taken = Tensor<S>([])
    for place in places {
      for position in place {
        // Entries with one label are summands of one matrix, whose gradient counts once.
        if entries[position].isPlace, parameters[entries[position].name] != nil { continue }
        // Moved, not shared: with thousands of gradients, each reference count outside the cache costs a
        // memory access.
        var gradient = taken
        swap(&gradient, &entries[position].gradient)
        parameters.add(gradient, to: entries[position].name)
      }
    }
    (entries, gatheredNumbers) = ([], 0)
    for index in places.indices { places[index] = 0..<0 }
    return parameters
  }

  private var takenInputCotangent: Matrix<S> {
    inputCotangent ?? Matrix(rows: input.rows, columns: input.columns)
  }
}
