import DeepEquilibrium
import Regression
import TestSupport
import Testing

@testable import deq

/// The documentation's JSON Schemas against what the commands print.
@Suite("JSON Schemas of the reports") struct SchemaTests {
  /// Every report, with that of a property test that failed, which no network is known to make.
  private static func reports() throws -> [(schema: String, name: String, report: JSONInstance)] {
    let failure = PropertyFailure(
      number: 3, fault: "matrix form refuted: output: 1.0 and 2.0",
      smallest: NetworkGenerator().network(seed: 1))
    let text = try deq.PropertyReport.failed(failure, path: "property-0-3.json", seed: 0).json(
      SolveOptions.parse([]))
    return try ReportStates.reported.get().map { ($0.state.schema, $0.state.description, $0.report) }
      + [("property", "deq property (refuted) --json", try JSONInstance(parsing: Array(text.utf8)))]
  }

  private static func command(of name: String) -> String { String(name.split(separator: " ")[1]) }

  @Test("Every command comes into the state that is asked of it")
  func states() throws {
    for reported in try ReportStates.reported.get() {
      let (state, report) = (reported.state, reported.report)
      #expect(reported.status == state.status, "\(state)")
      for (key, value) in state.shows {
        #expect(report.values(at: key).contains(value), "\(state): \(key) is \(report.values(at: key))")
      }
      for key in state.has { #expect(!report.values(at: key).isEmpty, "\(state) has no \(key)") }
    }
    let verdicts = try ReportStates.reported.get().flatMap { $0.report.values(at: "verdict") }
    for verdict in ["proved", "agrees", "refuted", "undecided", "unchecked"] as [JSONInstance] {
      #expect(verdicts.contains(verdict))
    }
  }

  @Test("What a command prints is valid by its schema, in every state")
  func valid() throws {
    for (schema, name, report) in try Self.reports() {
      #expect(try Schemas.schema(schema).violations(of: report) == [], "\(name)")
    }
  }

  @Test("Every command is there, every schema is in use, and every command is known by its schema alone")
  func commands() throws {
    let reports = try Self.reports()
    #expect(Set(reports.map(\.schema)) == Set(try Schemas.names))
    // What merge writes are the lines of check, as the tests of many checks have it; report writes pages only.
    let commands = Set(reports.map { Self.command(of: $0.name) }).union(["merge", "report"])
    #expect(commands == Set(DEQ.configuration.subcommands.map { $0.configuration.commandName ?? "" }))
    for (schema, name, report) in reports {
      for other in try Schemas.names where other != schema {
        #expect(try !Schemas.schema(other).violations(of: report).isEmpty, "\(name) is valid by \(other)")
      }
    }
  }

  @Test("With --json every object begins with the command and the versions of the schema and the tool")
  func heading() throws {
    for (_, name, report) in try Self.reports() where name.hasSuffix("--json") {
      #expect(report["command"] == .string(Self.command(of: name)))
      #expect(report["schema"] == 2)
      #expect(report["version"] == .string(DEQ.version))
    }
  }

  @Test("A report with an unknown key, a key less or another type anywhere is rejected")
  func rejections() throws {
    for (schema, name, report) in try Self.reports() {
      let validator = try Schemas.schema(schema)
      let changes = report.changes(mayMiss: Self.optional)
      for index in stride(
        from: 0, to: changes.count, by: changes.count / campaignSize(changes.count, least: 1))
      {
        let change = changes[index]
        #expect(try !validator.violations(of: change.report).isEmpty, "\(name): \(change.what)")
      }
    }
  }

  /// Keys that a report may be without.
  static let optional: Set = [
    ".check", ".counterexample", ".gradients", ".iterations", ".nilpotencyIndex", ".offPattern", ".search",
    "conversions.offPattern", "atOtherValues.sample", "counterexample.origin", "difference.column",
    "difference.row",
    "difference.sample", "fixtures.fault", "fixtures.worst", "forward.failures", "adjoint.failures",
    "forward.condition", "forward.error",
    "function.correspondence", "function.difference", "function.errorBoundLog2", "function.firstUnmatched",
    "function.secondUnmatched", "numbers.sample", "parameters.atOtherValues", "parameters.errorBoundLog2",
    "search.foundBy", "summary.",
    // Names of parameters.
    "gradients.a.weight", "gradients.a.bias", "gradients.b.weight", "gradients.Wz[z,z]", "gradients.Wx[z]",
    "gradients.b[z]",
    "options.solver", "options.tolerance", "options.absoluteTolerance", "options.maximumIterations",
    "options.memory", "options.damping",
    ".trajectory", "trajectory.weight", "trajectory.state",
    ".signature", "signature.inputs", "signature.outputs",
    ".state", ".adjoint", "adjoint.z", ".seconds", ".gradientEstimate", "state.z", "forward.trace",
    "forward.gradientError",
    "adjoint.trace", "samples.adjoint",
    "samples.spectralRadius", "forward.condition", "forward.error", "adjoint.condition", "adjoint.error",
  ]

  @Test(
    "Python's jsonschema accepts the same reports, and rejects the same changed ones",
    .enabled(if: Python.has("jsonschema"), "Python lacks jsonschema"))
  func python() throws {
    let folder = TemporaryFolder()
    var cases: [JSONInstance] = []
    for (schema, _, report) in try Self.reports() {
      cases.append(.array([.string(schema), report, true]))
      let changes = report.changes(mayMiss: Self.optional)
      // A few of each, spread over the whole: it takes a millisecond for each.
      for index in stride(from: 0, to: changes.count, by: max(1, changes.count / campaignSize(12, least: 4)))
      {
        cases.append(.array([.string(schema), changes[index].report, false]))
      }
    }
    try folder.write(JSONInstance.array(cases).text, to: "cases.json")
    let names = try Schemas.names
    try folder.write(
      JSONInstance.object(Dictionary(uniqueKeysWithValues: names.map { ($0, try Schemas.text(of: $0)) }))
        .text,
      to: "schemas.json")
    let found = try Python.run(Self.script, in: folder.path)
    #expect(found == "\(cases.count)\n")
  }

  private static let script = """
    import json
    import jsonschema

    validators = {}
    for name, schema in json.load(open("schemas.json")).items():
        jsonschema.Draft202012Validator.check_schema(schema)
        validators[name] = jsonschema.Draft202012Validator(schema)
    cases = json.load(open("cases.json"))
    for name, report, valid in cases:
        if validators[name].is_valid(report) != valid:
            print(name, "accepts" if not valid else "rejects", json.dumps(report))
    print(len(cases))
    """
}

// MARK: What the schemas are made of

@Suite("JSON Schemas as documentation") struct SchemaFileTests {
  @Test("Every object is closed, and every property has a description of one sentence")
  func descriptions() throws {
    for name in try Schemas.names {
      for (place, schema) in try JSONSchema.subschemas(of: Schemas.text(of: name)) {
        guard schema["type"] == "object", case .object(let properties) = schema["properties"] else {
          continue
        }
        #expect(schema["additionalProperties"] != nil, "\(name) \(place)")
        #expect(schema["required"] != nil, "\(name) \(place)")
        for (key, property) in properties {
          guard case .string(let text) = property["description"] else {
            Issue.record("\(name) \(place): \(key) has no description")
            continue
          }
          let sentences = text.split(separator: ". ").count
          #expect(text.hasSuffix(".") && sentences == 1, "\(name) \(place): \(key): \(text)")
        }
      }
    }
  }

  @Test("Definitions of one name are the same in every file, but for those that are a command's own")
  func definitions() throws {
    var seen: [String: JSONInstance] = [:]
    for name in try Schemas.names {
      guard case .object(let definitions) = try Schemas.text(of: name)["$defs"] else { continue }
      for (key, definition) in definitions
      where Self.shared.contains(key) {
        #expect(seen[key] == nil || seen[key] == definition, "\(name): \(key)")
        seen[key] = definition
      }
    }
    #expect(Set(seen.keys) == Self.shared)
  }

  private static let shared: Set = [
    "version", "seed", "number", "solve", "solves", "options", "stage", "stageEnding",
  ]

  @Test("The page on reports links every schema, and names every key of a check's report")
  func page() throws {
    let page = try Schemas.page("Reports")
    for name in try Schemas.names { #expect(page.contains("(Schemas/\(name).schema.json)"), "\(name)") }
    let keys = try Schemas.text(of: "report")["$defs"]?["checked"]?["properties"]?.keys ?? []
    #expect(keys.count > 15)
    for key in keys { #expect(page.contains("| `\(key)`") || page.contains(", `\(key)`"), "\(key)") }
  }
}
