import Testing

@Suite struct PropertyTests {
  @Test("Random networks are proved, and nothing is written")
  func proved() throws {
    let folder = TemporaryFolder()
    let outcome = try folder.deq("property", "--cases", "3", "--seed", "11")
    expectQuiet(outcome)
    #expect(outcome.firstLine == "proved: 3 random networks, seed 11")
    #expect(folder.names == [])
  }

  @Test("JSON has the same facts")
  func json() throws {
    let outcome = try TemporaryFolder().deq(
      "property", "--cases", "3", "--seed", "18446744073709551615", "--max-depth", "2", "--max-width", "3",
      "--json")
    expectQuiet(outcome)
    let report = try outcome.object(PropertyReport.self)
    #expect((report.command, report.verdict, report.cases) == ("property", "proved", 3))
    #expect(report.seed == "18446744073709551615")
    #expect((3...6).contains(report.layers))
    #expect(report.comparisons >= report.identical)
    #expect(report.worstShareOfRounding.value <= 1)
    #expect(
      try outcome.keys() == [
        "command", "schema", "version", "verdict", "cases", "seed", "options", "layers", "implicitLayers",
        "operators",
        "rounded", "comparisons", "identical", "worstShareOfRounding",
      ])
  }

  @Test("The seed decides the networks")
  func seed() throws {
    let folder = TemporaryFolder()
    let layers = { (seed: String) in
      try folder.deq("property", "--cases", "1", "--seed", seed, "--json").object(PropertyReport.self)
        .comparisons
    }
    #expect(try Set(["0", "1", "2"].map(layers)).count > 1)
  }

  @Test("The smallest sizes are networks too")
  func smallest() throws {
    expectQuiet(try TemporaryFolder().deq("property", "--cases", "3", "--max-depth", "1", "--max-width", "1"))
  }
}
