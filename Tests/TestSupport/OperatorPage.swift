import Operators

/// The tables of the page about operators, made from the registries: each has a heading of its own on the page.
public enum OperatorPage {
  /// The tables by their headings.
  public static var tables: [(heading: String, table: String)] {
    [
      ("## Linear maps", linearMaps), ("## Nonlinearities of one port, elementwise", elementwise),
      ("## Nonlinearities of tensors", tensors),
    ]
  }

  /// A page with its tables replaced by those of the registries.
  public static func updated(_ page: String) -> String {
    tables.reduce(page) { page, entry in
      let lines = page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      guard let heading = lines.firstIndex(of: entry.heading),
        let start = lines[heading...].firstIndex(where: { $0.hasPrefix("|") })
      else { return page }
      let end = lines[start...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
      return (lines[..<start] + [entry.table] + lines[end...]).joined(separator: "\n")
    }
  }

  private static var linearMaps: String {
    let types: [any LinearMap<Double>.Type] = [DenseMap<Double>.self] + LinearMapRegistry.all
    return table(
      ["name", "attributes", "what it does"],
      types.map { ["`\($0.typeName)`", attributes($0.schema), $0.schema.summary] })
  }

  private static var elementwise: String {
    table(
      ["name", "attributes", "σ(p), and the slope at kinks"],
      NonlinearityRegistry.elementwise.map {
        ["`\($0.typeName)`", attributes($0.schema), $0.schema.summary]
      })
  }

  private static var tensors: String {
    let elementwise = Set(NonlinearityRegistry.elementwise.map { $0.typeName })
    return table(
      ["name", "ports", "attributes", "what it does"],
      NonlinearityRegistry.all.filter { !elementwise.contains($0.typeName) }.map { type in
        let ports = ["p", "q", "r"].prefix(type.inputCount) + type.parameterPorts.map { "**\($0.name)**" }
        return [
          "`\(type.typeName)`", ports.joined(separator: ", "), attributes(type.schema), type.schema.summary,
        ]
      })
  }

  private static func table(_ head: [String], _ rows: [[String]]) -> String {
    ([head, head.map { _ in "---" }] + rows).map { cells in
      cells[0] == "---"
        ? "|" + cells.joined(separator: "|") + "|" : "| " + cells.joined(separator: " | ") + " |"
    }.joined(separator: "\n").replacing("|  |", with: "| |")
  }

  private static func attributes(_ schema: OperatorSchema) -> String {
    let weight = schema.weight.map { ["**weight** \($0.hasPrefix("[") ? "`\($0)`" : $0)"] } ?? []
    return
      (weight
      + schema.attributes.map { attribute in
        let value = attribute.defaultValue.map { " " + text($0) } ?? ""
        return "`\(attribute.name)`\(value): \(attribute.meaning)"
      }).joined(separator: "; ")
  }

  /// A default as the page has it; what says that there is nothing is left to the meaning.
  private static func text(_ value: Constant) -> String {
    switch value {
    case .number(let number) where number.magnitude == .greatestFiniteMagnitude: "(none)"
    case .number(let number) where number == number.rounded(): "\(Int(number))".replacing("-", with: "−")
    case .integers([]), .numbers([]): "(none)"
    case .word(let word): "`\"\(word)\"`"
    default: value.description.replacing("-", with: "−").replacing("e−0", with: "e-")
    }
  }
}
