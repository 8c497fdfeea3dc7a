import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// The graph of a model's blocks: what reads what, with the groups of blocks that read each other marked.
public struct GraphExport {
  /// A box of the picture: a block, or the input.
  struct Node {
    let title: String
    let subtitle: String
  }

  /// An arrow from a source to a block.
  struct Edge {
    let from: Source
    let to: Int
    /// The linear maps along it.
    let label: String
  }

  let model: EquilibriumModel<Double>
  /// The model's name, the title of the picture.
  let name: String
  let edges: [Edge]

  /// The graph of a model.
  public init(_ model: EquilibriumModel<Double>, named name: String) {
    (self.model, self.name) = (model, name)
    edges = model.blocks.enumerated().flatMap { index, block in
      var order: [Source] = []
      var labels: [Source: [String]] = [:]
      for term in block.terms {
        if labels[term.source] == nil { order.append(term.source) }
        labels[term.source, default: []].append(Self.label(of: term))
      }
      return order.map { source in
        var unique: [String] = []
        for label in labels[source]! where !unique.contains(label) { unique.append(label) }
        return Edge(from: source, to: index, label: unique.joined(separator: ", "))
      }
    }
  }

  private static func label(of term: Term<Double>) -> String {
    let shape = term.map.parameterShape.map { " " + $0.map(String.init).joined(separator: "×") }
    return type(of: term.map).typeName + (shape ?? "")
  }

  /// What stands in a block's box.
  func node(of index: Int) -> Node {
    let block = model.blocks[index]
    return Node(
      title: block.name, subtitle: "\(block.nonlinearity.briefDescription) \(Self.text(block.shape))")
  }

  /// What stands in the input's box.
  var inputNode: Node { Node(title: "x", subtitle: "input \(Self.text(model.inputShape))") }

  private static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }

  /// The graph in the language of Graphviz.
  public var dot: String {
    var lines = [
      "digraph \(quoted(name)) {", "  node [shape=box, fontname=\"Helvetica\"];",
      "  edge [fontname=\"Helvetica\", fontsize=10];",
      "  x [shape=ellipse, label=\(label(inputNode))];",
    ]
    for (number, group) in model.groups.enumerated() {
      guard group.isCyclic else {
        lines.append("  \(line(of: group.members[0]))")
        continue
      }
      lines += [
        "  subgraph cluster_\(number) {", "    label=\"read each other\";", "    style=dashed;",
      ]
      lines += group.members.map { "    \(line(of: $0))" }
      lines.append("  }")
    }
    for edge in edges {
      let from = if case .node(let index) = edge.from { "b\(index)" } else { "x" }
      lines.append("  \(from) -> b\(edge.to) [label=\(quoted(edge.label))];")
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private func line(of index: Int) -> String {
    "b\(index) [label=\(label(node(of: index)))\(index == model.output ? ", peripheries=2" : "")];"
  }

  private func label(_ node: Node) -> String { quoted("\(node.title)\n\(node.subtitle)") }

  /// A string of Graphviz.
  private func quoted(_ text: String) -> String {
    "\""
      + text.map { character in
        switch character {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        default:
          character.isNewline || character.asciiValue.map { $0 < 32 } ?? false ? " " : String(character)
        }
      }.joined() + "\""
  }
}
