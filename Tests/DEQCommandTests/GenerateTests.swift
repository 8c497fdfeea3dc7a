import Foundation
import TestSupport
import Testing

/// Test models: exact by an oracle that shares no code, the same in every run, and never written over others.
@Suite("Test models") struct GenerateTests {
  let folder = TemporaryFolder()

  /// Everything in a folder of models, by path.
  private func files(in name: String) throws -> [String: [UInt8]] {
    let root = "\(folder.path)/\(name)"
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root)
    return try Dictionary(
      uniqueKeysWithValues: paths.compactMap { path in
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder)
        return isFolder.boolValue ? nil : (path, try folder.bytes(of: "\(name)/\(path)"))
      })
  }

  private func judged(_ name: String, coordinates: Int = 2) throws -> String {
    try folder.shell("python3 '\(Oracles.folder)/test_models.py' \(name) \(coordinates)").text
  }

  @Test(
    "Every number is the double nearest to that of 50 digits, and a last bit that is changed is seen",
    .enabled(if: Python.has("mpmath", "numpy", "safetensors"), "Python lacks mpmath, numpy or safetensors"))
  func exact() throws {
    let outcome = try folder.deq(
      "generate", "--samples", "1", "--width", "4", "--count", "\(campaignSize(3, least: 1))", "-o", "models")
    expectQuiet(outcome)
    let verdict = try judged("models")
    #expect(verdict.hasSuffix(" numbers, 0 others\n"), "\(verdict)")
    // One bit of one number of each of two models, in all three forms of the file.
    _ = try Python.run(
      """
      import hashlib, json, numpy as np
      from safetensors.numpy import save_file
      for model, name in [("deq-0", "state.core.z"), ("mondeq-0", "gradient.core.b")]:
          path = f"models/{model}"
          arrays = dict(np.load(f"{path}/tensors.npz"))
          flat = arrays[name].reshape(-1)
          place = int(np.abs(flat).argmax())
          flat[place] = np.nextafter(flat[place], np.inf)
          np.savez(f"{path}/tensors.npz", **arrays); save_file(arrays, f"{path}/tensors.safetensors")
          expected = json.load(open(f"{path}/expected.json"))
          kind, rest = name.split(".", 1)
          part = expected["gradients" if kind == "gradient" else kind]
          part[rest] = arrays[name].reshape(np.array(part[rest]).shape).tolist()
          json.dump(expected, open(f"{path}/expected.json", "w"))
          index = json.load(open("models/index.json"))
          index["models"] = [m for m in index["models"] if m["name"] in ("deq-0", "mondeq-0")]
          for entry in index["models"]:
              if entry["name"] == model:
                  entry["sha256"] = {n: hashlib.sha256(open(f"{path}/{n}", "rb").read()).hexdigest()
                                     for n in entry["sha256"]}
          json.dump(index, open("models/index.json", "w"))
      """, in: folder.path)
    let planted = try judged("models", coordinates: 8)
    #expect(planted.hasSuffix(" numbers, 2 others\n"), "\(planted)")
  }

  @Test("The same options give the same bytes, with any number of threads, and more models keep the first")
  func deterministic() throws {
    let options = ["--kind", "multiscale", "--kind", "deq", "--seed", "7", "--samples", "2"]
    for (name, others) in [
      ("a", ["--threads", "1"]), ("b", ["--threads", "4"]), ("more", ["--count", "3"]),
    ] {
      expectQuiet(try folder.deq(["generate"] + options + others + ["-o", name]))
    }
    let (a, b, more) = (try files(in: "a"), try files(in: "b"), try files(in: "more"))
    #expect(a.count == 11)
    #expect(a == b)
    #expect(more.count == 31)
    for (path, bytes) in a where path != "index.json" { #expect(more[path] == bytes, "\(path)") }
    expectQuiet(try folder.deq(["generate", "--kind", "deq", "--seed", "8", "-o", "other"]))
    #expect(try files(in: "other")["deq-0/expected.json"] != a["deq-0/expected.json"])
  }

  @Test(
    "Models are fixtures: deq solves them to 1e-12 of scale, by any solver, and their files convert to themselves"
  )
  func fixtures() throws {
    let count = campaignSize(2)
    expectQuiet(try folder.deq("generate", "--count", "\(count)", "--width", "12", "-o", "models"))
    for solver in campaign(["", "--memory=3"]) {
      let outcome = try folder.deq(["fixtures", "models"] + (solver.isEmpty ? [] : [solver]))
      expectQuiet(outcome)
      #expect(outcome.firstLine.hasPrefix("proved: \(6 * count) fixtures"), "\(outcome.text)")
    }
    expectQuiet(
      try folder.deq("evaluate", "models/mlp-0/network.json", input: #"{"input": [[0, 0, 0, 0, 0, 0]]}"#))
  }

  @Test(
    "What deq evaluates at the arrays of a model has their names, and their numbers to 1e-13 of scale",
    .enabled(if: Python.has("numpy"), "Python lacks numpy"))
  func evaluated() throws {
    expectQuiet(try folder.deq("generate", "--samples", "3", "-o", "models"))
    for kind in ["mlp", "cnn", "transformer", "deq", "mondeq", "multiscale"] {
      let outcome = try folder.deq(
        "evaluate", "models/\(kind)-0/network.deq.json", "--input", "models/\(kind)-0/tensors.npz", "--state",
        "-o",
        "\(kind).npz")
      #expect(outcome.status == 0, "\(outcome.complaint)")
      _ = try Python.run(
        """
        import numpy as np
        expected, found = np.load("models/\(kind)-0/tensors.npz"), np.load("\(kind).npz")
        names = {n for n in expected.files if not n.startswith("parameter.")} - {"input", "cotangent"}
        assert set(found.files) == names | {"converged"}, set(found.files) ^ names
        for name in names:
            a, b = expected[name].ravel(), found[name].ravel()
            assert a.shape == b.shape and abs(a - b).max() <= 1e-13 * abs(a).max(), name
        """, in: folder.path)
    }
  }

  @Test("An existing file is replaced only with --force, and nothing is written beside one that differs")
  func existing() throws {
    expectQuiet(try folder.deq("generate", "--kind", "deq", "-o", "models"))
    expectQuiet(try folder.deq("generate", "--kind", "deq", "-o", "models"))
    let old = try files(in: "models")
    expectFailure(
      try folder.deq("generate", "--kind", "deq", "--kind", "mlp", "--seed", "1", "-o", "models"), 73,
      "models/deq-0/network.json: exists and differs from what would be written; --force replaces it")
    #expect(try files(in: "models") == old)
    // More models beside the same ones differ in the index alone.
    expectFailure(
      try folder.deq("generate", "--kind", "deq", "--count", "2", "-o", "models"), 73,
      "models/index.json: exists and differs from what would be written; --force replaces it")
    #expect(try files(in: "models") == old)
    expectQuiet(try folder.deq("generate", "--kind", "deq", "--count", "2", "-o", "models", "--force"))
    #expect(try files(in: "models").count == 11)
  }

  @Test(
    "What cannot be generated is refused in one line",
    arguments: [
      (["--kind", "mpl", "-o", "m"], 64, "--kind"),
      (["--count", "0", "-o", "m"], 64, "--count: expected a number from"),
      (["--count", "-1", "-o", "m"], 64, "found -1"),
      (["--width", "257", "-o", "m"], 64, "from 2 to 256, found 257"),
      (["--samples", "0", "-o", "m"], 64, "--samples"),
      (["-o", "-"], 64, "expected a folder, found standard output"),
      ([], 64, "--output"), (["-o", ""], 73, "expected the path of a folder"),
      (["--seed", "-1", "-o", "m"], 64, "--seed"),
      (["-o", "file"], 73, "file: expected a folder to write into, found a file"),
      (["-o", "file/models"], 73, "file/models: cannot be created"),
      (["-o", "/proc/models"], 73, "/proc/models: "),
    ])
  func refusals(arguments: [String], status: Int32, complaint: String) throws {
    try folder.write("", to: "file")
    let outcome = try folder.deq(["generate"] + arguments)
    #expect(outcome.status == status && outcome.text == "")
    #expect(
      outcome.complaint.contains(complaint) && lines(of: outcome.complaint).count == 1, "\(outcome.complaint)"
    )
    #expect(folder.names == ["file"])
  }

  @Test(
    "A symbolic link within the folder is refused, by force too, and what it leads to stays; the folder may be one",
    arguments: ["deq-0/network.json", "deq-0/tensors.npz", "index.json", "deq-0"])
  func links(name: String) throws {
    expectQuiet(try folder.deq("generate", "--kind", "deq", "-o", "models"))
    let old = try files(in: "models")
    let manager = FileManager.default
    let (place, moved) = ("\(folder.path)/models/\(name)", "\(folder.path)/moved")
    let complaint = "models/\(name): expected no symbolic link within the folder to write into, found one"
    try manager.moveItem(atPath: place, toPath: moved)
    try manager.createSymbolicLink(atPath: place, withDestinationPath: moved)
    for options in [[], ["--force"], ["--seed", "1", "--force"]] {
      expectFailure(try folder.deq(["generate", "--kind", "deq", "-o", "models"] + options), 73, complaint)
    }
    try manager.removeItem(atPath: place)
    try manager.moveItem(atPath: moved, toPath: place)
    #expect(try files(in: "models") == old)
    // One that leads nowhere, where a file would appear.
    try manager.removeItem(atPath: place)
    try manager.createSymbolicLink(atPath: place, withDestinationPath: moved)
    expectFailure(try folder.deq("generate", "--kind", "deq", "-o", "models", "--force"), 73, complaint)
    #expect(folder.names == ["models"])
    try manager.removeItem(atPath: place)
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/link", withDestinationPath: "\(folder.path)/models")
    expectQuiet(try folder.deq("generate", "--kind", "deq", "-o", "link", "--force"))
    #expect(try files(in: "models") == old)
  }

  @Test("Folders are made where they are missing, also with a stroke at the end")
  func folders() throws {
    expectQuiet(try folder.deq("generate", "--kind", "deq", "-o", "a/b/c/"))
    #expect(try files(in: "a/b/c").count == 6)
  }
}
