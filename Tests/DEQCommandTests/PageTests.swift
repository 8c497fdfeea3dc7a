import Foundation
import TestSupport
import Testing

/// The pages as users follow them: what they say is typed, and what they say is printed appears.
@Suite("Pages") struct PageTests {
  /// A folder where `deq` is on the path, as after the pages' first step.
  private struct Place {
    let folder = TemporaryFolder()

    init(_ fixture: String? = nil) throws {
      guard let fixture else { return }
      let file = Pages.root.appending(path: "Fixtures/\(fixture)")
      try folder.makeFolder("Fixtures/\(fixture.split(separator: "/").dropLast().joined(separator: "/"))")
      try folder.write(Array(Data(contentsOf: file)), to: "Fixtures/\(fixture)")
      try folder.write(Array(Data(contentsOf: file)), to: String(fixture.split(separator: "/").last!))
    }

    /// Runs commands of the shell one after the other, as wide as a page is.
    func type(_ commands: String) throws -> Outcome {
      try folder.shell(
        "set -e\nPATH=\"$(dirname \"$DEQ\"):$PATH\"\n\(commands)", environment: ["COLUMNS": ""])
    }

    /// Follows blocks: commands of `deq` and `echo`, and Python behind a prelude.
    func follow(_ blocks: [Pages.Block], python prelude: String = "") throws -> [Outcome] {
      var outcomes: [Outcome] = []
      for block in blocks {
        switch block {
        case .indented(let text) where text.hasPrefix("deq ") || text.hasPrefix("echo "):
          outcomes.append(try type(text))
          #expect(outcomes.last!.status == 0, "\(text): \(outcomes.last!.complaint)")
        case .fenced("python", let code): _ = try Python.run("\(prelude)\n\(code)", in: folder.path)
        default: break
        }
      }
      return outcomes
    }
  }

  /// Whether lines are those of a page, on which `…` leaves lines out, or the rest of one.
  private func expect(
    _ found: String, toShow page: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var rest = lines(of: found)[...]
    for line in page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.trimmingCharacters(in: .whitespaces) == "…" { continue }
      let isMeant = { (other: String) in
        line.hasSuffix("…") ? other.hasPrefix(line.dropLast()) : other == line
      }
      guard let place = rest.firstIndex(where: isMeant) else {
        Issue.record("expected the line \(line), found \(found)", sourceLocation: sourceLocation)
        return
      }
      rest = rest[(place + 1)...]
    }
  }

  private func indented(_ page: String, below heading: String) throws -> [String] {
    try Pages.blocks(of: page, below: heading).compactMap {
      if case .indented(let text) = $0 { text } else { nil }
    }
  }

  @Test("The README's first conversion prints what the README shows, to the letter")
  func readmeConversion() throws {
    let place = try Place("digits/mlp.json")
    let blocks = try indented("README", below: "Try it")
    // The command, an empty line, and what it prints.
    let parts = try #require(blocks.first).components(separatedBy: "\n\n")
    let command = try #require(parts[0].components(separatedBy: " && swift run -c release ").last)
    let outcome = try place.type(command)
    #expect(outcome.status == 0 && outcome.text.hasPrefix("proved: "))
    #expect((blocks[0] + "\n").contains("\n\n" + outcome.text), "\(outcome.text)")
  }

  @Test("A weight changed in its last place and one changed by 0.001 give the README's verdicts")
  func readmeVerdicts() throws {
    let place = try Place("digits/mlp.json")
    _ = try place.type("deq convert mlp.json")
    let text = try place.folder.text(of: "mlp.deq.json")
    #expect(text.components(separatedBy: "0.043748").count == 2)
    let blocks = try indented("README", below: "Try it")
    try #require(blocks.count == 4)
    for (value, block) in [("0.04374800000000001", blocks[2]), ("0.044748", blocks[3])] {
      try place.folder.write(text.replacing("0.043748", with: value), to: "mlp.deq.json")
      expect(
        try place.folder.deq("check", "mlp.json", "mlp.deq.json", environment: ["COLUMNS": ""]).text,
        toShow: block)
    }
  }

  @Test(
    "The README's residual network becomes the blocks that it shows", .enabled(if: RealNetworks.folder != nil)
  )
  func readmeNetwork() throws {
    let place = try Place()
    let network = try #require(
      RealNetworks.folder.map { URL(filePath: $0).appending(path: "resnet_2b.onnx") })
    try place.folder.write(Array(Data(contentsOf: network)), to: "resnet_2b.onnx")
    expect(
      try place.type("deq convert resnet_2b.onnx").text,
      toShow: try indented("README", below: "Your own network")[1])
  }

  @Test(
    "The README's other commands and its NumPy lines do what they say",
    .enabled(
      if: Python.has("torch", "onnx", "numpy", "safetensors"),
      "Python lacks torch, onnx, numpy or safetensors"))
  func readmeCommands() throws {
    let place = try Place("digits/mlp.json")
    _ = try place.type("deq convert mlp.json")
    _ = try Python.run(
      """
      import torch, shutil
      from safetensors.torch import save_file
      net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).double()
      save_file(net.state_dict(), "weights.safetensors")
      torch.onnx.export(net, (torch.zeros(1, 4, dtype=torch.float64),), "model.onnx", dynamo=False)
      shutil.copy("model.onnx", "before.onnx"); shutil.copy("model.onnx", "after.onnx")
      """, in: place.folder.path)
    var commands: [String] = []
    for heading in ["Your own network", "What the verdicts mean"] {
      commands += try indented("README", below: heading).filter { $0.hasPrefix("deq ") }
    }
    commands += try Pages.text(of: "README").matches(of: /`(deq convert weights[^`]*)`/).map {
      String($0.output.1)
    }
    #expect(commands.count == 4)
    for command in commands { #expect(try place.type(command).status == 0, "\(command)") }
    _ = try place.type("deq convert mlp.json --matrix -o mlp.deq.json --force")
    let code = try Pages.blocks(of: "README").compactMap {
      if case .fenced("python", let code) = $0 { code } else { nil }
    }
    #expect(code.count == 1)
    let script =
      code[0] + """

        assert Wz.shape == (74, 74) and Wx.shape == (74, 64) and b.shape == (74,)
        z = np.zeros(74)
        x = np.linspace(0, 1, 64)
        def phi(p): return np.concatenate([np.maximum(p[:32], 0), np.tanh(p[32:64]), p[64:]])
        for _ in range(3): z = phi(Wz @ z + Wx @ x + b)
        assert np.array_equal(z, phi(Wz @ z + Wx @ x + b))
        json.dump({"input": [x.tolist()]}, open("x.json", "w"))
        json.dump(z[64:].tolist(), open("y.json", "w"))
        """
    _ = try Python.run(script, in: place.folder.path)
    let evaluated = try JSONInstance(
      parsing: place.folder.deq("evaluate", "mlp.json", "--input", "x.json").output)
    let expected = try JSONInstance(parsing: place.folder.bytes(of: "y.json"))
    guard case .array(let rows) = evaluated["output"], case .array(let found) = rows[0],
      case .array(let other) = expected
    else {
      Issue.record("no outputs")
      return
    }
    for (a, b) in zip(found, other) {
      guard case .number(let a) = a, case .number(let b) = b else { continue }
      #expect(abs(a - b) < 1e-12)
    }
    #expect(found.count == 10 && other.count == 10)
  }

  @Test(
    "Getting started can be followed from the first line to the last",
    .enabled(if: Python.has("torch", "onnx"), "Python lacks torch or onnx"))
  func gettingStarted() throws {
    let place = try Place()
    for name in ["before.onnx", "after.onnx"] {
      try place.folder.write("", to: name)
    }
    var outcomes: [Outcome] = []
    for heading in ["A network from PyTorch", "What is in the model", "Numbers"] {
      outcomes += try place.follow(Pages.blocks(of: "GettingStarted", below: heading))
    }
    let network = try place.folder.bytes(of: "mlp.onnx")
    for name in ["before.onnx", "after.onnx"] { try place.folder.write(network, to: name) }
    for heading in ["Compare any two models", "Back to a network", "Train it on"] {
      outcomes += try place.follow(Pages.blocks(of: "GettingStarted", below: heading))
    }
    #expect(outcomes.count == 6)
    #expect(outcomes[0].firstLine.hasPrefix("proved: mlp.deq.json is the same function as mlp.onnx"))
    #expect(outcomes[2].text.contains("\"gradients\""))
    for file in ["mlp.deq.json", "network.json", "deq.onnx", "model.py", "model.safetensors"] {
      #expect(place.folder.names.contains(file), "\(file)")
    }
  }

  @Test(
    "The page on test models can be followed, and its lines of PyTorch hold for all that it generates",
    .enabled(if: Python.has("torch", "safetensors"), "Python lacks torch or safetensors"))
  func testModels() throws {
    let place = try Place()
    let outcomes = try place.follow(Pages.blocks(of: "TestModels"))
    #expect(outcomes.count == 3)
    #expect(outcomes[0].firstLine == "generated: models holds 18 models with exact equilibria and gradients")
    #expect(outcomes[2].firstLine.hasPrefix("proved: 18 fixtures, "))
  }

  @Test(
    "The page on handing models over can be followed, section by section",
    .enabled(
      if: Python.has("torch", "torchdeq", "jax", "optimistix", "scipy", "safetensors"),
      "Python lacks torch, torchdeq, jax, optimistix, scipy or safetensors"),
    arguments: [
      (
        "PyTorch",
        "import torch\nx = torch.ones(2, 64, dtype=torch.float64)\nloss = lambda y: (y ** 2).sum()",
        "trained.json"
      ),
      (
        "JAX", "import numpy as np\nx = np.ones((2, 64))\nloss = lambda y: (y ** 2).sum()", "trained.deq.json"
      ),
      ("Matrices", "", "mlp.npz"),
    ])
  func handOver(section: String, prelude: String, result: String) throws {
    let place = try Place("digits/mlp.json")
    _ = try place.type("deq convert mlp.json")
    _ = try place.follow(Pages.blocks(of: "HandOver", below: section), python: prelude)
    #expect(place.folder.names.contains(result))
  }
}
