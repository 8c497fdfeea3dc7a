import TestSupport
import Testing

/// What people mistype, swap or bring from elsewhere, and the answer that they get.
@Suite struct HabitTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
  }

  @Test("A mistyped subcommand is named, after help too")
  func subcommands() throws {
    for arguments in [["exprot", "mlp.json"], ["help", "exprot"]] {
      let outcome = try folder.deq(arguments)
      #expect(outcome.status == 64 && outcome.text == "")
      #expect(
        outcome.complaint.hasSuffix(
          "found \"exprot\"; did you mean \"export\"? (see deq --help)\n"), "\(outcome.complaint)")
    }
    #expect(try folder.deq("help", "nosuch").status == 64)
    #expect(!(try folder.deq("help", "nosuch").complaint.contains("did you mean")))
    expectQuiet(try folder.deq("help", "export"))
    expectQuiet(try folder.deq("help"))
  }

  @Test("A mistyped layer, activation or map is answered with the name that is near")
  func names() throws {
    func complaint(_ old: String, _ new: String) throws -> String {
      try folder.write(Examples.network.replacing(old, with: new), to: "typo.json")
      let outcome = try folder.deq("inspect", "typo.json")
      #expect(outcome.status == 65)
      return outcome.complaint
    }
    #expect(try complaint("\"tanh\"", "\"tahn\"").contains("found \"tahn\"; did you mean \"tanh\"?"))
    #expect(try complaint("\"dense\"", "\"dens\"").contains("found \"dens\"; did you mean \"dense\"?"))
    #expect(try !complaint("\"tanh\"", "\"quux\"").contains("did you mean"))
  }

  @Test("With --json an error is an object on standard error")
  func errors() throws {
    let outcome = try folder.deq("inspect", "none.json", "--json")
    #expect(outcome.status == 66 && outcome.text == "")
    #expect(
      outcome.complaint == """
        {
          "error": {"message": "none.json: expected a file, found none", "status": 66}
        }

        """)
    #expect(
      try folder.deq("inspect", "none.json").complaint == "deq: none.json: expected a file, found none\n")
  }

  @Test("Swapped arguments are recognised")
  func swapped() throws {
    try folder.write("{\"input\": [[1, 2]]}", to: "x.json")
    expectFailure(
      try folder.deq("evaluate", "x.json", "--input", "mlp.json"), 65,
      "x.json: expected a network or an equilibrium model, found samples; the model is named first")
    expectFailure(
      try folder.deq("evaluate", "mlp.json", "--input", "mlp.json"), 65,
      "mlp.json: expected samples, found a model; the model is the argument, samples follow --input")
  }

  @Test(
    "Files of other programs are recognised by their first bytes, and answered with the line that turns them",
    arguments: [
      (
        "h.h5", [0x89] + Array("HDF\r\n".utf8) + [0x1A, 0x0A],
        "keras.models.load_model('h.h5').export('h.onnx'"
      ),
      ("q.gguf", Array("GGUF".utf8) + [3, 0, 0, 0], "gguf.GGUFReader('q.gguf')"),
      (
        "t.tflite", [0x1C, 0, 0, 0] + Array("TFL3".utf8) + [0, 0, 0, 0], "--tflite t.tflite --output t.onnx"
      ),
      ("p.pkl", [0x80, 4, 0x95, 0, 0, 0, 0], "torch.load('p.pkl', weights_only=True), 'p.safetensors')"),
    ] as [(String, [UInt8], String)])
  func foreign(name: String, bytes: [UInt8], line: String) throws {
    try folder.write(bytes, to: name)
    let outcome = try folder.deq("convert", name)
    #expect(outcome.status == 65 && outcome.complaint.contains(line), "\(outcome.complaint)")
  }

  @Test(
    "A state dict of linear layers is a network, from safetensors and from npz, as PyTorch evaluates it",
    .enabled(if: Python.has("torch", "safetensors", "numpy"), "Python lacks torch, safetensors or numpy"))
  func multilayerPerceptron() throws {
    _ = try Python.run(
      """
      import json, numpy as np, torch
      from safetensors.torch import save_file
      torch.manual_seed(1)
      torch.set_default_dtype(torch.float64)
      layers = []
      for n in range(11):
          layers += [torch.nn.Linear(3, 3, bias=n != 4), torch.nn.SiLU()]
      net = torch.nn.Sequential(*layers[:-1])
      save_file(net.state_dict(), "net.safetensors")
      np.savez("net.npz", **{k: v.numpy() for k, v in net.state_dict().items()})
      torch.save(net.state_dict(), "net.pt")
      x = torch.randn(4, 3)
      json.dump({"input": x.tolist()}, open("x.json", "w"))
      json.dump(net(x).tolist(), open("y.json", "w"))
      save_file({"conv.weight": torch.zeros(2, 2, 3, 3)}, "conv.safetensors")
      """, in: folder.path)
    for file in ["net.safetensors", "net.npz"] {
      expectQuiet(try folder.deq("convert", file, "--activation", "silu", "-o", "net.deq.json", "--force"))
      #expect(
        try folder.deq("evaluate", "net.deq.json", "--input", "x.json", "-o", "found.json", "--force").status
          == 0)
      _ = try Python.run(
        """
        import json
        found, y = json.load(open("found.json"))["output"], json.load(open("y.json"))
        assert all(abs(a - b) < 1e-12 for f, g in zip(found, y) for a, b in zip(f, g)), (found, y)
        """, in: folder.path)
      #expect(try folder.text(of: "net.deq.json").contains("\"parameter\": \"20.weight\""))
    }
    #expect(try folder.deq("convert", "net.safetensors").complaint.contains("--activation relu"))
    #expect(try folder.deq("inspect", "net.pt").complaint.contains("'net.safetensors')"))
    expectFailure(
      try folder.deq("convert", "conv.safetensors", "--activation", "relu"), 65,
      "conv.safetensors: \"conv.weight\": expected a matrix [outputs, inputs], found shape [2, 2, 3, 3]")
    #expect(
      try folder.deq("convert", "net.safetensors", "--activation", "rleu").complaint.contains(
        "did you mean \"relu\"?"))
  }
}
