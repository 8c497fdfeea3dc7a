import TestSupport
import Testing

@testable import deq

/// How wide the text of the command is.
@Suite("Width of text") struct WidthTests {
  let folder: TemporaryFolder
  /// What a caller without a terminal has.
  private static let none = ["COLUMNS": ""]

  init() throws {
    folder = try ManyChecksTests.models()
    try folder.write(
      Examples.network.replacing("\"a\"", with: "\"a-layer-with-a-very-long-name-indeed-so-long\""),
      to: "long.json")
    try folder.write(Self.chain(24), to: "chain.json")
    try folder.write(Examples.loop(0.5, activation: "tanh"), to: "loop.json")
    try folder.write(Examples.samples, to: "x.json")
  }

  private static func chain(_ count: Int) -> String {
    let layers = (1...count).map {
      #"{"type": "dense", "name": "dense layer \#($0)", "weight": [[1]], "activation": "tanh"}"#
    }
    return
      #"{"format": "network", "version": 1, "input": [1], "layers": [\#(layers.joined(separator: ","))]}"#
  }

  private func widest(_ text: String) -> Int { lines(of: text).map(TextWidth.width(of:)).max() ?? 0 }

  @Test("No line of any help is wider than 80 columns, and each says what the command is for")
  func help() throws {
    let commands = DEQ.configuration.subcommands.map { [$0.configuration.commandName!] } + [[]]
    for command in commands {
      let outcome = try folder.deq(["help"] + command, environment: Self.none)
      expectQuiet(outcome)
      #expect(widest(outcome.text) <= 80, "\(command): \(outcome.text)")
      #expect(outcome.text.contains("OVERVIEW: ") && outcome.text.contains("USAGE: deq"), "\(command)")
    }
  }

  @Test("The exit statuses are in the help, in the README, and nowhere else than they are documented")
  func statuses() throws {
    let help = try folder.deq("--help").text
    for status in [0, 1, 2, 64, 65, 66, 70, 73, 74] { #expect(help.contains("\(status) "), "\(status)") }
    let table = try Pages.text(of: "README").split(separator: "\n").filter {
      $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } != nil && $0.hasPrefix("| ")
        && $0.count { $0 == "|" } == 3
    }
    #expect(table.count == 9)
  }

  @Test(
    "No line of a report is wider than 80 columns where there is no terminal, nor than COLUMNS",
    arguments: campaign(
      [
        "check mlp.json mlp.deq.json", "check mlp.json wrong.json", "check mlp.json near.json --search 50",
        "check long.json near.json --search 5", "convert chain.json -o c.json --force", "inspect chain.json",
        "inspect long.json",
        "inspect loop.json", "check --manifest pairs.txt", "export mlp.json --to onnx -o m.onnx --force",
        "export mlp.deq.json --to torch -o m.py --force", "recover mlp.deq.json -o r.json --force",
        "property --cases 2", "generate --force -o models",
      ], least: 7))
  func reports(command: String) throws {
    try folder.write(ManyChecksTests.manifest, to: "pairs.txt")
    let arguments = command.split(separator: " ").map(String.init)
    for (columns, bound) in campaign([("", 80), ("100", 100), ("60", 60), ("1", 40)], least: 2) {
      let outcome = try folder.deq(arguments, environment: ["COLUMNS": columns])
      #expect(outcome.complaint == "")
      for line in lines(of: outcome.text) where TextWidth.width(of: line) > bound {
        // A word is never broken, and the smallest drawing has 24 cells.
        let words = line.split(separator: " ")
        #expect(
          words.count == 1 || words.contains { TextWidth.width(of: $0) > bound - 16 } || bound < 60, "\(line)"
        )
      }
    }
    let wide = try folder.deq(arguments, environment: ["COLUMNS": "1000"])
    let narrow = try folder.deq(arguments, environment: Self.none)
    if !command.contains("chain") {
      #expect(
        narrow.text.split(whereSeparator: \.isWhitespace) == wide.text.split(whereSeparator: \.isWhitespace))
    }
  }

  @Test("A line is broken at blanks, with its margin, and never within a word")
  func wrapping() {
    #expect(TextWidth.wrapped("one two three", to: 9, margin: 2) == ["one two", "  three"])
    #expect(TextWidth.wrapped("one two three", to: 13, margin: 2) == ["one two three"])
    #expect(
      TextWidth.wrapped("  label  a-word-too-long b", to: 12, margin: 9) == [
        "  label", "         a-word-too-long", "         b",
      ])
    #expect(TextWidth.wrapped("", to: 9, margin: 2) == [""])
    #expect(TextWidth.width(of: "e\u{301}") == 1)
    #expect(TextWidth.width(of: "模型") == 4)
    #expect(TextWidth.width(of: "Wz ■ ‖∂ℓ‖") == 9)
  }
}
