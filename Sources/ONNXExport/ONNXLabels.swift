/// The names of the parts of an exported model, kept in the metadata of the file because a graph cannot
/// hold them.
///
/// They do not affect values: every number and every operator is in the graph. The read-out of a transition
/// and the shape of its input are here too, since f(z, x) has neither.
package struct ONNXLabels {
  /// Whether the graph is only f(z, x).
  package var isTransition = false
  /// Whether the file says that this library wrote it.
  package private(set) var isWritten = false
  /// The names of the blocks, in the order of the state; empty if unknown.
  package var blocks: [String] = []
  /// The position of the read-out block.
  package var output: Int?
  /// The shape of one sample of the input.
  package var inputShape: [Int]?
  /// The parameters among the constants, by their names in the file.
  package private(set) var parameters: [String: ONNXInitializers.Parameter] = [:]
  private var order: [String] = []

  /// Labels without names.
  package init() {}

  /// Labels with these parts.
  package init(
    isTransition: Bool, blocks: [String], output: Int, inputShape: [Int],
    parameters: [ONNXInitializers.Parameter]
  ) {
    (self.isTransition, self.blocks, self.output, self.inputShape) = (
      isTransition, blocks, output, inputShape
    )
    for parameter in parameters {
      self.parameters[parameter.initializer] = parameter
      order.append(parameter.initializer)
    }
  }

  /// The keys of the metadata that this library writes.
  private enum Key {
    static let content = "deq.content"
    static let output = "deq.output"
    static let inputShape = "deq.input_shape"
    static let block = "deq.block."
    static func parameter(_ layout: ONNXInitializers.ParameterShape) -> String { "deq.\(layout.rawValue)." }
  }

  /// The labels as metadata.
  package var entries: [(String, String)] {
    var entries = [(Key.content, isTransition ? "transition" : "equilibrium")]
    if let output { entries.append((Key.output, "\(output)")) }
    if let inputShape { entries.append((Key.inputShape, inputShape.map(String.init).joined(separator: " "))) }
    entries += blocks.enumerated().map { ("\(Key.block)\($0)", $1) }
    for name in order {
      guard let parameter = parameters[name] else { continue }
      entries.append((Key.parameter(parameter.layout) + name, parameter.label))
    }
    return entries
  }

  /// The labels in metadata. Entries that this library would not write are ignored, since nothing depends
  /// on them.
  package init(_ entries: [(String, String)]) {
    var names: [Int: String] = [:]
    for (key, value) in entries {
      if key == Key.content { (isWritten, isTransition) = (true, value == "transition") }
      if key == Key.output { output = Int(value) }
      if key == Key.inputShape {
        let extents = value.split(separator: " ").map { Int($0) }
        if extents.allSatisfy({ $0 ?? 0 >= 1 }) { inputShape = extents.map { $0! } }
      }
      if key.hasPrefix(Key.block), let position = Int(key.dropFirst(Key.block.count)) {
        names[position] = value
      }
      for layout in ONNXInitializers.ParameterShape.allCases {
        let prefix = Key.parameter(layout)
        guard key.hasPrefix(prefix), !value.isEmpty else { continue }
        let name = String(key.dropFirst(prefix.count))
        parameters[name] = .init(initializer: name, label: value, layout: layout)
        order.append(name)
      }
    }
    blocks = names.keys.sorted() == Array(0..<names.count) ? names.keys.sorted().map { names[$0]! } : []
  }
}
