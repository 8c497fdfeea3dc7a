import DeepEquilibrium
import Foundation
import TestSupport
import Testing

@testable import Equivalence

/// What a certificate can say that is not so: the second judge refuses each kind.
@Suite("Forged certificates", .enabled(if: Python.has("hashlib", "json"), "Python lacks hashlib or json"))
struct ForgedCertificateTests {
  /// A change to a certificate, and how the refusal begins.
  struct Forgery: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let refusal: String
    let change: @Sendable (inout JSON) -> Void

    init(_ description: String, _ refusal: String, _ change: @escaping @Sendable (inout JSON) -> Void) {
      (testDescription, self.refusal, self.change) = (description, refusal, change)
    }
  }

  static let forgeries = campaign(all, least: 12)

  private static let all = [
    Forgery("another format", "format: ") { $0["format"] = "proof" },
    Forgery("another version", "version: ") { $0["version"] = 2 },
    Forgery("a hash of another file", "sides[1].files[0].sha256: ") {
      $0["sides", 1, "files", 0, "sha256"] = .text(String(repeating: "0", count: 64))
    },
    Forgery("another identity", "sides[0].identity: ") {
      $0["sides", 0, "identity"] = $0["sides", 1, "identity"]
    },
    Forgery("a weights file that is not listed", "sides[1].files: ") { $0["sides", 1, "files", 1] = nil },
    Forgery("a file that is not there", "sides[0].files[0]: ") {
      $0["sides", 0, "files", 0, "path"] = "/nowhere.json"
    },
    Forgery("another seed", "challenge: ") { $0["seed"] = 1 },
    Forgery("a negative seed", "seed: ") { $0["seed"] = -1 },
    Forgery("another attempt", "attempt: ") { $0["attempt"] = 1 },
    Forgery("another challenge", "challenge: ") { $0["challenge"] = $0["key"] },
    Forgery("primes that were not drawn", "primes: ") { $0["primes", 2] = "1000000000000027" },
    Forgery("a key that was not drawn", "key: ") { $0["key"] = $0["challenge"] },
    Forgery("an input's value", "input[1]: ") { $0["input", 1] = $0["input", 0] },
    Forgery("a hidden value", "sides[1].evaluation.blocks[\"mid\"].values[0]: ") {
      $0["sides", 1, "evaluation", "blocks", 1, "values", 0] =
        $0["sides", 1, "evaluation", "blocks", 1, "values", 1]
    },
    Forgery("an output's value", "sides[0].evaluation.outputs[0]: ") {
      $0["sides", 0, "evaluation", "outputs", 0] = $0["sides", 0, "evaluation", "outputs", 1]
    },
    Forgery("outputs in another order", "sides[1].evaluation.outputs[0]: ") {
      $0["sides", 1, "evaluation", "outputs"].reverse()
    },
    Forgery("a value too few", "sides[0].evaluation.blocks[\"in\"].values: count: ") {
      $0["sides", 0, "evaluation", "blocks", 0, "values", 0] = nil
    },
    Forgery("a block that is missing", "sides[1].evaluation.blocks: ") {
      $0["sides", 1, "evaluation", "blocks", 2] = nil
    },
    Forgery("a block that the model has not", "sides[1].evaluation.blocks: ") {
      $0["sides", 1, "evaluation", "blocks", 2, "name"] = "other"
    },
    Forgery("the digest of a group", "sides[0].evaluation.groups: ") {
      $0["sides", 0, "evaluation", "groups", 0, "digest"] = $0["key"]
    },
    Forgery("a group that is missing", "sides[0].evaluation.groups: ") {
      $0["sides", 0, "evaluation", "groups", 0] = nil
    },
    Forgery("a cut that a cycle does not pass through", "sides[1].evaluation.groups: ") {
      $0["sides", 1, "evaluation", "groups", 0, "cut", 0] = nil
    },
    Forgery("a cut outside all cycles", "sides[1].evaluation.groups: ") {
      $0["sides", 1, "evaluation", "groups", 0, "cut", 0] = ["in", 0]
    },
    Forgery("a quotient that is not mentioned", "whereDefined: ") { $0["whereDefined"] = false },
    Forgery("a claim that nobody knows", "claim: ") { $0["claim"] = "one model" },
    Forgery("an error that no fields of this size can bound", "errorBound: ") { $0["errorBound"] = -179 },
    Forgery("no bound of the error", "errorBound: ") { $0["errorBound"] = nil },
    Forgery("the sides exchanged", "challenge: ") { $0["sides"].reverse() },
    Forgery("a parameter that one side lacks", "parameters.matches[0]: ") {
      $0["parameters", "matches", 0, "second"] = "other"
    },
    Forgery("a parameter matched twice", "parameters.matches[1]: ") {
      $0["parameters", "matches", 1] = $0["parameters", "matches", 0]
    },
    Forgery("a parameter in another layout", "parameters.evaluations[1].blocks") {
      $0["parameters", "matches", 2, "layout"] = "transposed"
    },
    Forgery("fewer parameters than were drawn", "parameters.evaluations[0].blocks") {
      $0["parameters", "matches", 0] = nil
    },
    Forgery("a value for drawn parameters", "parameters.evaluations[1].outputs[1]: ") {
      $0["parameters", "evaluations", 1, "outputs", 1] = $0["parameters", "evaluations", 1, "outputs", 0]
    },
  ]

  private let folder: CertificateFolder
  private let certificate: [UInt8]

  /// A network with a quotient and an implicit layer, and its conversion with the weights in another file.
  private static let network = """
    {"format": "network", "version": 1, "input": [2], "layers": [
      {"type": "dense", "name": "in", "weight": [[1, 2], [0.5, -1]], "bias": [0.25, 3], "activation": "tanh"},
      {"type": "dense", "name": "mid", "weight": [[0.1, 2], [-3, 4]], "activation": "relu"},
      {"type": "quotient", "name": "q", "inputs": ["mid", "in"]},
      {"type": "equilibrium", "name": "core", "model": {"input": [2],
        "blocks": [{"name": "z", "size": 2, "activation": "tanh"}],
        "Wz": [{"to": "z", "from": "z", "matrix": [[0.2, 0.3], [-0.1, 0.25]], "parameter": "W"}],
        "Wx": [{"to": "z", "map": "identity"}], "output": "z"}},
      {"type": "dense", "name": "out", "weight": [[1, 2], [3, 5]]}]}
    """

  init() throws {
    folder = try CertificateFolder()
    let network = try folder.file("network.json") { try $0.write(Array(Self.network.utf8)) }
    let weights = CollectedWeights(file: "weights.safetensors")
    let converted = EquilibriumModel(converting: try ModelFile.readNetwork(network))
    let model = try folder.file("model.json") {
      try ModelFile.equilibrium(converted).write(to: $0, weights: weights)
    }
    _ = try folder.file("weights.safetensors") { try SafetensorsWriter(weights.tensors).write(to: $0) }
    let sides = (try ModelWithFiles([network]), try ModelWithFiles([model]))
    certificate = try #require(try Certificate.claimed(sides.0, sides.1))
  }

  private func judge(_ certificate: [UInt8]) throws -> SecondJudge {
    try SecondJudge(certificate, in: folder.path)
  }

  @Test("The certificate that is forged is verified as it is")
  func genuine() throws {
    let judge = try judge(certificate)
    #expect(judge.status == 0, "\(judge.line)")
    #expect(
      judge.line
        == "verified: one function where both are defined; one equilibrium by Perron-Frobenius; "
        + "the same equations for every value of the parameters too"
    )
    #expect(try self.judge(JSON(certificate).bytes).status == 0)
  }

  @Test("It is refused, in one line that says where", arguments: forgeries)
  func refused(_ forgery: Forgery) throws {
    var json = try JSON(certificate)
    forgery.change(&json)
    let judge = try judge(json.bytes)
    #expect(judge.status == 1)
    #expect(judge.line.hasPrefix("refused: \(forgery.refusal)"), "\(judge.line)")
    #expect(!judge.line.contains("\n"))
  }

  @Test("A file that was changed afterwards is found, however far the certificate follows it")
  func changedFile() throws {
    for (name, side, position) in [("network.json", 0, 0), ("weights.safetensors", 1, 1)] {
      let path = "\(folder.path)/\(name)"
      let original = try Data(contentsOf: URL(filePath: path))
      defer { try? original.write(to: URL(filePath: path)) }
      // The last weight of the network; the last byte of the weights, which belongs to a number.
      var changed = [UInt8](original)
      let place = name.hasSuffix(".json") ? changed.lastIndex(of: UInt8(ascii: "5"))! : changed.count - 1
      changed[place] ^= 1
      try Data(changed).write(to: URL(filePath: path))
      var json = try JSON(certificate)
      #expect(try judge(json.bytes).line.hasPrefix("refused: sides[\(side)].files[\(position)].sha256: "))
      json["sides", .index(side), "files", .index(position), "sha256"] = .text("\(SHA256Digest(of: changed))")
      #expect(try judge(json.bytes).line.hasPrefix("refused: sides[\(side)].identity: "))
      let files = try ModelWithFiles(["\(folder.path)/\(side == 0 ? "network" : "model").json"]).files
      json["sides", .index(side), "identity"] = .text("\(InputFile.identity(of: files))")
      #expect(try judge(json.bytes).line.hasPrefix("refused: challenge: "))
    }
  }

  @Test("Two models that differ in the last bit of one number are refused, whatever is claimed")
  func differentModels() throws {
    let other = Self.network.replacing("0.25, 3", with: "0.25000000000000006, 3")
    let otherCore = Self.network.replacing("-0.1, 0.25", with: "-0.1, 0.25000000000000006")
    let first = try ModelWithFiles(["\(folder.path)/network.json"])
    for (text, line) in [
      (other, "refused: claim: expected equal outputs"), (otherCore, "refused: claim: expected "),
    ] {
      let path = try folder.file("other.json") { try $0.write(Array(text.utf8)) }
      let second = try ModelWithFiles([path])
      for claim in [Certificate.Claim.function, .equations] {
        var json = try JSON(#require(try Certificate.claimed(first, second, claim)))
        json["parameters"] = nil
        #expect(try judge(json.bytes).line.hasPrefix(line))
      }
      #expect(
        Certificate(
          of: first.model, second.model,
          report: ProofReport(
            function: .proved(ProofBasis(method: .field)),
            parameters: ParameterProof(matches: [], onlyFirst: [], onlySecond: [], outcome: .nothingShared)),
          identities: (first.identity, second.identity), seed: 0) == nil)
    }
  }

  @Test("One function is not said of a group whose equilibrium is not seen to be unique")
  func strongerClaim() throws {
    let text = Self.network.replacing("[0.2, 0.3]", with: "[2, 0.3]")
    let paths = try ["a.json", "b.json"].map { name in
      try folder.file(name) { try $0.write(Array((text + (name == "b.json" ? " " : "")).utf8)) }
    }
    let models = try paths.map { try ModelWithFiles([$0]) }
    let certificate = try #require(try Certificate.claimed(models[0], models[1], .function))
    let judge = try judge(certificate)
    #expect(
      judge.line.hasPrefix("verified: the same equations where both are defined; that their equilibrium is"))
  }

  /// A network with two copies of `z = tanh(gain z + x)`, and the sum of both with these factors.
  private func copies(_ gain: Double, _ factors: String, named name: String) throws -> ModelWithFiles {
    let core = { (layer: String) in
      """
      {"type": "equilibrium", "name": "\(layer)", "inputs": ["input"], "model": {"input": [1],
        "blocks": [{"name": "z", "size": 1, "activation": "tanh"}], "output": "z",
        "Wz": [{"to": "z", "from": "z", "matrix": [[\(gain)]]}], "Wx": [{"to": "z", "map": "identity"}]}},
      """
    }
    let text = """
      {"format": "network", "version": 1, "input": [1], "layers": [\(core("a")) \(core("b"))
        {"type": "cat", "name": "both", "inputs": ["a", "b"]},
        {"type": "dense", "name": "out", "weight": [\(factors)]}]}
      """
    return try ModelWithFiles([folder.file(name) { try $0.write(Array(text.utf8)) }])
  }

  @Test("Two copies of a group are one unknown only where it has one equilibrium")
  func copies() throws {
    for (gain, line) in [
      (2.0, "refused: claim: expected groups that stand there once or have one equilibrium, found "),
      (0.5, "verified: one function"),
    ] {
      let first = try copies(gain, "[1, -1]", named: "first.json")
      let second = try copies(gain, "[0, 0]", named: "second.json")
      for claim in [Certificate.Claim.function, .equations] {
        var json = try JSON(#require(try Certificate.claimed(first, second, claim)))
        json["parameters"] = nil
        let judge = try judge(json.bytes)
        #expect(
          judge.line.hasPrefix(claim == .function || gain > 1 ? line : "verified: the same"), "\(judge.line)")
      }
    }
  }

  @Test("A group that nothing reads needs no counterpart where it is known to have an equilibrium")
  func unreadGroups() throws {
    let text = """
      {"format": "network", "version": 1, "input": [1], "output": "y", "layers": [
        {"type": "dense", "name": "y", "weight": [[3]], "activation": "tanh"}]}
      """
    let plain = try ModelWithFiles([folder.file("plain.json") { try $0.write(Array(text.utf8)) }])
    for (gain, line) in [
      (0.5, "verified: one function"),
      (2.0, "refused: claim: expected groups with the same equations on both sides, found "),
    ] {
      let core = """
        {"type": "equilibrium", "name": "core", "model": {"input": [1],
          "blocks": [{"name": "z", "size": 1, "activation": "tanh"}], "output": "z",
          "Wz": [{"to": "z", "from": "z", "matrix": [[\(gain)]]}], "Wx": [{"to": "z", "map": "identity"}]}}
        """
      let longer = text.replacing("}]}", with: "}, \(core)]}")
      let other = try ModelWithFiles([folder.file("core.json") { try $0.write(Array(longer.utf8)) }])
      var json = try JSON(#require(try Certificate.claimed(plain, other)))
      json["parameters"] = nil
      let judge = try judge(json.bytes)
      #expect(judge.line.hasPrefix(line), "\(judge.line)")
    }
  }

  @Test("ONNX files, standard input and wrong usage are out of its scope: status 2, and one line")
  func scope() throws {
    var json = try JSON(certificate)
    json["sides", 0, "files", 0, "path"] = "-"
    #expect(try judge(json.bytes).status == 2)
    let path = try folder.file("m.onnx") { try $0.write([8, 7]) }
    json["sides", 0, "files", 0, "path"] = .text(path)
    json["sides", 0, "files", 0, "sha256"] = .text("\(SHA256Digest(of: [8, 7]))")
    let judge = try judge(json.bytes)
    #expect(judge.status == 2 && judge.line.contains("ONNX") && !judge.line.contains("\n"))
    #expect(try SecondJudge.run("certificate.py", in: folder.path).status == 2)
  }
}
