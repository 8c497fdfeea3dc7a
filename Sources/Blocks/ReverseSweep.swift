import LinearAlgebra

/// Reverse accumulation over a graph of nodes: the nodes' cotangents while they are being added up, from the output
/// backwards, and the gradients of the entries that the blocks carry.
///
/// Backpropagation through a network and implicit differentiation of an equilibrium model are both such a sweep; they
/// differ in where a cyclic group's cotangents come from.
public struct ReverseSweep<S: Scalar> {
  /// The gradient with respect to one entry.
  private struct EntryGradient {
    let name: String
    /// Whether the name is that of the entry's place.
    let isPlace: Bool
    var gradient: Tensor<S>
  }

  /// The input, `[batch, input]`.
  public let input: Matrix<S>
  /// What each node holds, `[batch, size]`.
  private let values: [Matrix<S>]
  /// nil where nothing has been added yet, or the sum has been taken.
  private var cotangents: [Matrix<S>?]
  private var inputCotangent: Matrix<S>?
  /// In the order in which they were taken; those of a node stand side by side.
  private var entries: [EntryGradient] = []
  /// Where those of each node stand among them.
  private var places: [Range<Int>]

  /// A sweep over nodes that hold `values` for an input, with nothing added yet.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(values: [Matrix<S>], input: Matrix<S>) {
    self.values = values
    self.input = input
    cotangents = [Matrix<S>?](repeating: nil, count: values.count)
    places = [Range<Int>](repeating: 0..<0, count: values.count)
  }

  /// Adds to the cotangent of the input or of a node, nil where nothing has been added yet.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func add(to source: Source, _ add: (inout Matrix<S>?) -> Void) {
    switch source {
    case .input: add(&inputCotangent)
    case .node(let index): add(&cotangents[index])
    }
  }

  /// A node's cotangent, zeros where nothing reads it; given up, since it is not needed again and may be large.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func takeCotangent(of node: Int) -> Matrix<S> {
    var cotangent: Matrix<S>?
    swap(&cotangent, &cotangents[node])
    return cotangent ?? Matrix(rows: input.rows, columns: values[node].columns)
  }

  /// Passes the cotangents `s` of a block's ports on to what the block reads, and takes the gradients of its entries.
  ///
  /// - Parameters:
  ///   - node: The block's position.
  ///   - isPassed: Which sources are passed a cotangent.
  ///   - termPlace: The name under which the gradient of a term without a parameter is kept; nil for none.
  ///   - offsetPlace: The same of a constant summand.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func pass(
    _ s: [Matrix<S>], through block: Block<S>, at node: Int, to isPassed: (Source) -> Bool = { _ in true },
    termPlace: (Term<S>) -> String? = { _ in nil }, offsetPlace: (Offset<S>) -> String? = { _ in nil }
  ) {
    block.pullBack(s) { source, summand in
      if isPassed(source) { add(to: source, summand) }
    }
    for term in block.terms {
      guard let name = term.parameter ?? termPlace(term) else { continue }
      let read: Matrix<S> =
        switch term.source {
        case .input: input
        case .node(let index): values[index]
        }
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

  /// Takes the gradient of a parameter that belongs to a node; all of a node's are taken in a row.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func add(_ gradient: Tensor<S>, to name: String, isPlace: Bool = false, at node: Int) {
    let first = places[node].isEmpty ? entries.count : places[node].lowerBound
    precondition(first + places[node].count == entries.count, "gradients of a node apart from each other")
    entries.append(EntryGradient(name: name, isPlace: isPlace, gradient: gradient))
    places[node] = first..<entries.count
  }

  /// The gradients of the input and of all parameters, added up by name in the order of the nodes; given up.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func takeGradients() -> Gradients<S> {
    var parameters = ParameterTensors<S>(capacity: entries.count)
    let taken = Tensor<S>([])
    for place in places {
      for position in place {
        // Entries at one place are summands of one matrix, whose gradient counts once.
        if entries[position].isPlace, parameters[entries[position].name] != nil { continue }
        // Moved, not shared: there may be thousands, and a count of owners that the cache has lost costs a wait each.
        var gradient = taken
        swap(&gradient, &entries[position].gradient)
        parameters.add(gradient, to: entries[position].name)
      }
    }
    return Gradients(
      input: inputCotangent ?? Matrix(rows: input.rows, columns: input.columns), parameters: parameters)
  }
}
