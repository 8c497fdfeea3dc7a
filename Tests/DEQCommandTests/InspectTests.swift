import FixedPoints
import Testing

@Suite struct InspectTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
  }

  @Test("A network is shown as it is, and as the model that it converts to")
  func network() throws {
    let outcome = try folder.deq("inspect", "mlp.json")
    expectQuiet(outcome)
    #expect(
      outcome.text == """
        network: mlp.json
          input        [2]
          output       2, of "b"
          layers       2, at most 2 one after the other
          parameters   10
        as an equilibrium model:
          size         2 blocks, 4 coordinates, 10 parameters
          nilpotency   Wz^2 = 0: Picard iteration ends after 2 steps, from any start
          well posed   yes, for every weight whatever

              Wz  1  2   Wx  b
          1 a 2 ⎢ ·  · ⎥  ■  ■   tanh
          2 b 2 ⎢ ■  · ⎥  ·  ·   identity → y

        """)
  }

  @Test("JSON has the same facts")
  func json() throws {
    let network = try folder.deq("inspect", "mlp.json", "--json")
    expectQuiet(network)
    #expect(
      try network.keys() == [
        "command", "schema", "version", "file", "format", "input", "layers", "coordinates", "parameters",
        "nilpotencyIndex", "output", "blocks", "cyclicGroups",
      ])
    let report = try network.object(InspectReport.self)
    #expect((report.command, report.file, report.format) == ("inspect", "mlp.json", "network"))
    #expect((report.input, report.layers, report.coordinates, report.parameters) == ([2], 2, 4, 10))
    #expect(
      report.blocks == [
        .init(name: "a", size: 2, activation: "tanh", reads: ["input"]),
        .init(name: "b", size: 2, activation: "identity", reads: ["a"]),
      ])
    let model = try folder.deq("inspect", "mlp.deq.json", "--json").object(InspectReport.self)
    #expect((model.format, model.form, model.layers) == ("equilibrium", "blocks", nil))
    #expect(model.blocks == report.blocks)
  }

  @Test("A cyclic group is well posed where a condition certifies it, else unknown")
  func cyclicGroups() throws {
    try folder.write(Examples.loop(0.5, activation: "tanh"), to: "sure.json")
    let sure = try folder.deq("inspect", "sure.json")
    #expect(sure.text.contains("  cyclic group z: 1 coordinate\n"))
    #expect(sure.text.contains("  well posed   yes: "))
    try folder.write(Examples.loop(3), to: "unsure.json")
    let unsure = try folder.deq("inspect", "unsure.json", "--json").object(InspectReport.self)
    #expect(unsure.cyclicGroups.map(\.wellPosed) == [nil])
    #expect(unsure.nilpotencyIndex == nil)
  }

  @Test("The drawing keeps its shape whatever the names are")
  func names() throws {
    let name = String(repeating: "x", count: 100_000)
    try folder.write(
      """
      {"format": "equilibrium", "version": 1, "input": [1], "output": "\(name)", "blocks": [
        {"name": "\(name)", "size": 1, "activation": "tanh"},
        {"name": "a\\nb", "size": 12, "activation": "relu"},
        {"name": "\\"", "size": 1, "activation": "relu"}]}
      """, to: "names.json")
    let outcome = try folder.deq("inspect", "names.json")
    expectQuiet(outcome)
    #expect(
      lines(of: outcome.text).suffix(4) == [
        "                          Wz  1  2  3   Wx  b",
        "  1 xxxxxxxxxxxxxxxxxxx…  1 ⎢ ·  ·  · ⎥  ·  ·   tanh → y",
        #"  2 a\u{A}b              12 ⎢ ·  ·  · ⎥  ·  ·   relu"#,
        "  3 \"                     1 ⎢ ·  ·  · ⎥  ·  ·   relu",
      ])
  }

  @Test("A row without room for a nonlinearity's arguments has its name, and the blocks keep theirs")
  func longArguments() throws {
    try folder.write(
      """
      {"format": "equilibrium", "version": 1, "input": [1, 4, 4], "output": "pool", "blocks": [
        {"name": "relu", "shape": [1, 4, 4], "activation": "relu"},
        {"name": "pool", "shape": [1, 2, 2], "ports": [[1, 4, 4]], "activation": {"type": "max_pool",
          "kernel_size": [2, 2], "stride": [2, 2], "padding": [0, 0, 0, 0], "dilation": [1, 1]}}],
       "Wx": [{"to": "relu", "map": "identity"}], "Wz": [{"to": "pool", "from": "relu", "map": "identity"}]}
      """, to: "pool.json")
    let outcome = try folder.deq("inspect", "pool.json", environment: ["COLUMNS": "60"])
    expectQuiet(outcome)
    #expect(
      lines(of: outcome.text).suffix(3) == [
        "          Wz  1  2   Wx  b",
        "  1 relu 16 ⎢ ·  · ⎥  ■  ·   relu",
        "  2 pool  4 ⎢ ■  · ⎥  ·  ·   max_pool(…) → y",
      ])
    let wide = try folder.deq("inspect", "pool.json", environment: ["COLUMNS": "200"])
    #expect(wide.text.contains("max_pool(kernel_size: [2, 2], "))
  }

  @Test("Many blocks are drawn several to a cell")
  func manyBlocks() throws {
    try folder.write(Examples.deep(1000), to: "deep.json")
    let outcome = try folder.deq("inspect", "deep.json")
    expectQuiet(outcome)
    #expect(lines(of: outcome.text).count < 40)
    #expect(lines(of: outcome.text).allSatisfy { $0.count <= 100 })
    #expect(outcome.text.contains("nilpotency   Wz^1000 = 0"))
  }
}
