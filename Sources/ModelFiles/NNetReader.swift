import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators

/// Reads networks in the text format of ACAS Xu, `.nnet`: dense layers with rectifiers between them, around which
/// inputs are clipped and normalised and outputs scaled back.
///
/// After comments, which begin with `//`, there are a line of counts, the sizes of the layers, a line without meaning,
/// the least and the greatest inputs, the means and the ranges of the inputs and of all outputs, and then for each layer
/// the rows of its matrix and its biases, one a line (Julian, Kochenderfer and Owen 2019). The function is `range
/// N((clip(x) − mean) / range) + mean`; `Wk` and `bk` are the parameters of layer k.
enum NNetReader {
  /// Whether a file is in this format, by its name or its first characters, with which no JSON begins.
  static func recognizes(_ contents: FileContents) -> Bool {
    contents.name.hasSuffix(".nnet") || contents.bytes.starts(with: Array("//".utf8))
  }

  /// The network in a file.
  ///
  /// - Throws: `FileError` of kind `badData` with the line.
  static func read(_ contents: FileContents) throws(FileError) -> Network<Double> {
    var lines = NNetLines(contents)
    let counts = try lines.integers("the number of layers and of inputs", atLeast: 2)
    let sizes = try lines.integers("the sizes of the layers", atLeast: 2)
    guard counts[0] == sizes.count - 1, counts[1] == sizes[0] else {
      throw lines.wrong("expected \(counts[0] + 1) sizes, the first \(counts[1]), found \(sizes)")
    }
    try lines.skip()
    let inputs = sizes[0]
    let least = try lines.numbers("the least inputs", inputs)
    let greatest = try lines.numbers("the greatest inputs", inputs)
    let means = try lines.numbers("the means of the inputs and outputs", inputs + 1)
    let ranges = try lines.numbers("the ranges of the inputs and outputs", inputs + 1)
    guard let zero = ranges.firstIndex(of: 0) else {
      var blocks = clipped(inputs, least, greatest)
      blocks.append(normalized(inputs, means, ranges))
      for layer in 1..<sizes.count {
        blocks.append(
          try dense(layer, from: sizes[layer - 1], to: sizes[layer], isLast: layer == sizes.count - 1, &lines)
        )
      }
      blocks.append(scaled(sizes[sizes.count - 1], means[inputs], ranges[inputs]))
      try lines.requireEnd()
      return try network(inputs, blocks, lines)
    }
    throw lines.wrong("expected ranges that are not 0, found 0 at position \(zero)")
  }

  private static func network(
    _ inputs: Int, _ blocks: [Block<Double>], _ lines: NNetLines
  ) throws(FileError) -> Network<Double> {
    var chain = blocks
    for index in chain.indices.dropFirst() {
      for term in chain[index].terms.indices { chain[index].terms[term].source = .node(index - 1) }
    }
    do {
      return try Network(inputShape: [inputs], layers: chain.map { .explicit($0) }, output: chain.count - 1)
    } catch {
      throw lines.wrong(error.description)
    }
  }

  /// No input below the least and above the greatest one.
  private static func clipped(_ size: Int, _ least: [Double], _ greatest: [Double]) -> [Block<Double>] {
    [("least", Maximum() as any Nonlinearity, least), ("greatest", Minimum(), greatest)].map {
      name, function, bounds in
      Block(
        name: name, shape: [size], nonlinearity: function, portShapes: [[size], [size]],
        terms: [Term(source: .input, map: IdentityMap([size]))], offsets: [Offset(port: 1, vector: bounds)])
    }
  }

  /// `(x − mean) / range`.
  private static func normalized(_ size: Int, _ means: [Double], _ ranges: [Double]) -> Block<Double> {
    Block(
      name: "normalized", shape: [size], nonlinearity: Quotient(), portShapes: [[size], [size]],
      terms: [Term(source: .input, map: IdentityMap([size]))],
      offsets: [
        Offset(vector: means.prefix(size).map { -$0 }), Offset(port: 1, vector: Array(ranges.prefix(size))),
      ])
  }

  private static func dense(
    _ layer: Int, from inputs: Int, to outputs: Int, isLast: Bool, _ lines: inout NNetLines
  ) throws(FileError) -> Block<Double> {
    var elements: [Double] = []
    for _ in 0..<outputs { elements += try lines.numbers("a row of the matrix of layer \(layer)", inputs) }
    var biases: [Double] = []
    for _ in 0..<outputs { biases += try lines.numbers("a bias of layer \(layer)", 1) }
    let map = DenseMap(Matrix(rows: outputs, columns: inputs, elements: elements))
    return Block(
      name: "layer\(layer)", size: outputs, nonlinearity: isLast ? Identity() : ReLU(),
      terms: [Term(source: .input, map: map, parameter: "W\(layer)")],
      offsets: [Offset(vector: biases, parameter: "b\(layer)")])
  }

  /// `range y + mean`.
  private static func scaled(_ size: Int, _ mean: Double, _ range: Double) -> Block<Double> {
    Block(
      name: "output", size: size, nonlinearity: Identity(),
      terms: [Term(source: .input, map: Multiply([size], factor: range))],
      offsets: [Offset(vector: [Double](repeating: mean, count: size))])
  }
}

/// The lines of a file, each a list of numbers between commas.
private struct NNetLines {
  private let file: String
  private var lines: [(number: Int, text: Substring)]
  private var next = 0

  init(_ contents: FileContents) {
    file = contents.name
    let text = String(decoding: contents.bytes, as: UTF8.self)
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .map { ($0.offset + 1, $0.element.filter { !$0.isWhitespace }[...]) }
      .filter { !$0.text.isEmpty && !$0.text.hasPrefix("//") }
  }

  /// A failure at the line that was read last.
  func wrong(_ problem: String) -> FileError {
    let line = next > 0 && next <= lines.count ? lines[next - 1].number : lines.last?.number ?? 1
    return FileError(.badData, file: file, place: "line \(line)", problem)
  }

  private mutating func line(_ what: String) throws(FileError) -> [Substring] {
    next += 1
    guard next <= lines.count else { throw wrong("expected \(what), found the end of the file") }
    return lines[next - 1].text.split(separator: ",", omittingEmptySubsequences: true)
  }

  /// A line without meaning.
  mutating func skip() throws(FileError) { _ = try line("a line of a flag") }

  mutating func integers(_ what: String, atLeast count: Int) throws(FileError) -> [Int] {
    let words = try line(what)
    let integers = words.compactMap { Int($0) }.filter { $0 > 0 && $0 <= TensorSize.maximum }
    guard integers.count == words.count, integers.count >= count else {
      throw wrong("expected \(what), found \(quoted(words.joined(separator: ",")))")
    }
    return integers
  }

  /// Exactly `count` finite numbers.
  mutating func numbers(_ what: String, _ count: Int) throws(FileError) -> [Double] {
    let words = try line(what)
    let numbers = words.compactMap { Double(String($0)) }.filter(\.isFinite)
    guard numbers.count == words.count, numbers.count == count else {
      throw wrong(
        "expected \(what), \(counted(count, "finite number")), found \(numbers.count) of \(counted(words.count, "value"))"
      )
    }
    return numbers
  }

  func requireEnd() throws(FileError) {
    guard next < lines.count else { return }
    throw FileError(
      .badData, file: file, place: "line \(lines[next].number)", "expected the end of the file, found more")
  }
}
