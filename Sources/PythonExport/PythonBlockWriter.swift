import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Operators

/// Writes each block as a function of what it reads.
struct PythonBlockWriter {
  let model: EquilibriumModel<Double>
  let code: PythonCode
  /// The name of each block's function, which is also that of its value in the functions of others.
  let identifiers: [String]
  private let names: ParameterNames
  private let file: String

  init(_ model: EquilibriumModel<Double>, names: ParameterNames, library: PythonLibrary, file: String) {
    (self.model, self.names, self.file) = (model, names, file)
    code = PythonCode(library)
    identifiers = pythonIdentifiers(for: model.blocks.map(\.name))
  }

  /// The functions of all blocks, in their order.
  ///
  /// - Throws: `FileError` that names the block whose operator the library lacks.
  mutating func functions() throws(FileError) -> [String] {
    var functions: [String] = []
    for (index, block) in model.blocks.enumerated() {
      code.scope = block.name
      do throws(PythonRefusal) {
        functions.append(try function(of: block, at: index))
      } catch {
        throw FileError(.badData, file: file, place: quoted(block.name), error.problem)
      }
    }
    return functions
  }

  /// What a block reads, each source once, the input first.
  static func sources(of block: Block<Double>) -> [Source] {
    var sources: [Source] = []
    for term in block.terms where !sources.contains(term.source) { sources.append(term.source) }
    return sources.filter { $0 == .input } + sources.filter { $0 != .input }
  }

  private func name(of source: Source) -> String {
    if case .node(let index) = source { identifiers[index] } else { "x" }
  }

  private func shape(of source: Source) -> [Int] {
    if case .node(let index) = source { model.blocks[index].shape } else { model.inputShape }
  }

  private func function(of block: Block<Double>, at index: Int) throws(PythonRefusal) -> String {
    guard let nonlinearity = block.nonlinearity as? any PythonEmitting else {
      throw PythonRefusal(
        "a nonlinearity that \(code.library.rawValue) has", found: block.nonlinearity.description)
    }
    let arguments = ["w", "c"] + Self.sources(of: block).map(name)
    var lines = ["def \(identifiers[index])(\(arguments.joined(separator: ", "))):"]
    let ports =
      block.portShapes.count == 1 ? ["p"] : block.portShapes.indices.map { "p\($0)" }
    for (port, name) in ports.enumerated() {
      lines += assignment(of: try summands(ofPort: port, of: block, at: index), to: name)
    }
    let operands = zip(ports, block.portShapes).map { PythonValue($0, $1) }
    let value = try nonlinearity.emit(operands, in: code)
    let shape = block.nonlinearity.outputShape(portShapes: block.portShapes) ?? block.shape
    lines.append("    return \(code.reshape(value, from: shape, to: block.shape))")
    return lines.joined(separator: "\n")
  }

  /// `name = a + b`, on several lines where one is too long.
  private func assignment(of summands: [String], to name: String) -> [String] {
    let line = "    \(name) = \(summands.joined(separator: " + "))"
    if line.utf8.count <= 100 || summands.count == 1 { return [line] }
    return ["    \(name) = ("] + summands.enumerated().map { "        \($0 == 0 ? "" : "+ ")\($1)" } + [
      "    )"
    ]
  }

  /// The summands of a port, in the order of the block; zeros where there are none.
  private func summands(
    ofPort port: Int, of block: Block<Double>, at index: Int
  ) throws(PythonRefusal) -> [String] {
    let shape = block.portShapes[port]
    let terms = block.terms.filter { $0.port == port }
    var summands: [String] = []
    for term in terms.filter({ $0.source == .input }) + terms.filter({ $0.source != .input }) {
      summands.append(try text(of: term, of: block, at: index, to: shape))
    }
    for offset in block.offsets where offset.port == port {
      let isAlone = summands.isEmpty
      summands.append(try text(of: offset, of: block, at: index, to: shape, isAlone: isAlone))
    }
    if summands.isEmpty {
      let zeros = code.zero()
      return [
        code.choose(
          torch: "\(zeros).expand(1, \(shape.list))", jax: "jnp.broadcast_to(\(zeros), (1, \(shape.list)))")
      ]
    }
    return summands
  }

  private func text(
    of term: Term<Double>, of block: Block<Double>, at index: Int, to shape: [Int]
  ) throws(PythonRefusal) -> String {
    let source = code.reshape(
      name(of: term.source), from: self.shape(of: term.source), to: term.map.inputShape)
    var operands = [PythonValue(source, term.map.inputShape)]
    if let parameter = term.map.parameter {
      let weight =
        names.isMatrixForm
        ? rows(ofPort: term.port, at: index, of: term.source)
        : "w[\(pythonString(names.reference(to: parameter, name: term.parameter ?? model.place(of: term, in: block))!))]"
      operands.append(PythonValue(weight, parameter.shape))
    }
    return code.reshape(try emit(term.map, operands), from: term.map.outputShape, to: shape)
  }

  private func emit(
    _ map: any LinearMap<Double>, _ operands: [PythonValue]
  ) throws(PythonRefusal) -> String {
    guard let emitting = map as? any PythonEmitting else {
      throw PythonRefusal(
        "a linear map that \(code.library.rawValue) has", found: type(of: map).typeName)
    }
    return try emitting.emit(operands, in: code)
  }

  /// A constant summand. It broadcasts over the batch; alone, it needs a batch axis of its own.
  private func text(
    of offset: Offset<Double>, of block: Block<Double>, at index: Int, to shape: [Int], isAlone: Bool
  ) throws(PythonRefusal) -> String {
    if names.isMatrixForm {
      let start = portStart(of: offset.port, at: index)
      return code.reshape(
        "w[\"b\"][None, \(start):\(start + offset.count)]", from: [offset.count], to: shape)
    }
    let name = names.reference(
      to: offset.tensor, name: offset.parameter ?? model.place(of: offset, in: block))!
    let tensor = "w[\(pythonString(name))]"
    guard let map = offset.map else {
      if !isAlone, offset.tensor.shape == shape { return tensor }
      return code.reshape("\(tensor)[None]", from: offset.tensor.shape, to: shape)
    }
    if !isAlone, let expand = map as? Expand<Double>, expand.factors.isEmpty, map.outputShape == shape,
      map.inputShape == offset.tensor.shape
    {
      return code.align(tensor, map.inputShape, along: expand.dim, rank: shape.count, isBatched: false)
    }
    let value = code.reshape("\(tensor)[None]", from: offset.tensor.shape, to: map.inputShape)
    var operands = [PythonValue(value, map.inputShape)]
    if let constant = map.parameter {
      operands.append(
        PythonValue(
          code.numbers(constant.elements, shape: constant.shape, named: "map", like: tensor), constant.shape))
    }
    return code.reshape(try emit(map, operands), from: map.outputShape, to: shape)
  }

  /// The part of a whole matrix that one port reads from one source.
  private func rows(ofPort port: Int, at index: Int, of source: Source) -> String {
    let start = portStart(of: port, at: index)
    let rows = "\(start):\(start + model.blocks[index].portSizes[port])"
    guard case .node(let node) = source else { return "w[\"Wx\"][\(rows)]" }
    let first = model.blockStarts[node]
    return "w[\"Wz\"][\(rows), \(first):\(first + model.blocks[node].size)]"
  }

  private func portStart(of port: Int, at index: Int) -> Int {
    model.blocks.prefix(index).reduce(0) { $0 + $1.portSizes.reduce(0, +) }
      + model.blocks[index].portSizes.prefix(port).reduce(0, +)
  }

  /// The constants, with names in the weights file that no parameter has.
  func constants(apartFrom parameters: [String]) -> [PythonModuleText.StoredConstant] {
    var taken = Set(parameters)
    return code.constants.map { constant in
      var stored = "constant.\(constant.name)"
      while !taken.insert(stored).inserted { stored += "'" }
      return .init(name: constant.name, stored: stored, tensor: constant.tensor)
    }
  }
}

/// Identifiers of Python for names of blocks: letters, digits and underscores, each once.
func pythonIdentifiers(for names: [String]) -> [String] {
  let reserved: Set<String> = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "match", "case",
    "w", "c", "x", "p", "F", "torch", "jax", "jnp", "lax", "np", "sum", "zip", "tuple", "len", "range",
    "float",
    "Model", "json", "pathlib", "warnings", "dict", "list", "str", "bool", "functools", "itertools",
    "load_file", "save_file", "transition", "apply", "load", "split", "join", "evaluate", "optx", "pattern",
    "to_deq", "constants", "solve", "declare", "parameters", "isinstance", "super", "enumerate", "property",
    "classmethod", "slice", "object", "max", "min", "all", "any", "map", "print", "type", "id", "open",
  ]
  var taken = reserved.union(PythonHelper.allCases.map(\.rawValue))
  return names.map { name in
    var identifier = String(
      name.map { ($0.isASCII && ($0.isLetter || $0.isNumber)) || $0 == "_" ? $0 : "_" })
    if identifier.first?.isNumber ?? true { identifier = "_" + identifier }
    // The ports of a function are called p0, p1, …, and constants of the module have capital letters.
    let isPort = identifier.first == "p" && identifier.dropFirst().allSatisfy(\.isNumber)
    if isPort || identifier == identifier.uppercased() { identifier += "_" }
    var (candidate, count) = (identifier, 1)
    while !taken.insert(candidate).inserted {
      count += 1
      candidate = "\(identifier)_\(count)"
    }
    return candidate
  }
}
