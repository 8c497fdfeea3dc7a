import Foundation
import TestSupport
import Testing

/// Samples as tables and arrays, results as arrays, and errors of several samples as JSON.
@Suite("Arrays and tables of evaluate") struct EvaluateArraysTests {
  let folder = TemporaryFolder()

  /// y = W x + (0, 1), with numbers that come out exactly.
  init() throws {
    try folder.write(
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "w", "weight": [[1, 2], [3, 4]], "bias": [0, 1]}]}"#,
      to: "mlp.json")
    try folder.write(Examples.loop(0.5), to: "loop.json")
    try folder.write(#"{"input": [[1, 1], [2, 0]], "cotangent": [[1, 0], [0, 1]]}"#, to: "samples.json")
    // z = z + x, which has no equilibrium, or, for x = 0, all of them.
    try folder.write(
      #"{"format": "equilibrium", "version": 1, "input": [1], "blocks": [{"name": "z", "size": 1, "activation": "identity"}], "Wz": [{"to": "z", "from": "z", "matrix": [[1]]}], "Wx": [{"to": "z", "matrix": [[1]]}], "b": [], "output": "z"}"#,
      to: "none.json")
  }

  @Test(
    "A table gives what JSON gives, with and without names in its first line",
    arguments: [
      "1,1\n2,0\n", "1,1\r\n2,0", "a,b\n1,1\n2,0\n", "\"x 1\", \"x 2\"\n 1 , 1.0 \n2e0,-0\n\n",
      "\u{FEFF}1,+1\n2,0\n\n\n",
      "\n1,1\n\n2,0\n",
    ])
  func tables(table: String) throws {
    try folder.write(table, to: "x.csv")
    try folder.write("1,0\n0,1\n", to: "e.csv")
    let expected = try folder.deq("evaluate", "mlp.json", "--input", "samples.json")
    let found = try folder.deq("evaluate", "mlp.json", "--input", "x.csv", "--cotangent", "e.csv")
    expectQuiet(found)
    #expect(found.text == expected.text)
  }

  @Test(
    "Named inputs are arrays of their own, and so are the results",
    .enabled(if: Python.has("numpy"), "Python lacks numpy"))
  func named() throws {
    let network = try folder.text(of: "mlp.json").dropLast()
    try folder.write(
      network
        + #", "signature": {"inputs": [{"name": "u", "shape": []}, {"name": "v", "shape": [1, 1]}], "outputs": [{"name": "é", "shape": [1]}, {"name": "q", "shape": []}]}}"#,
      to: "named.json")
    expectQuiet(try folder.deq("convert", "named.json"))
    #expect(
      try folder.deq("inspect", "named.deq.json").text.contains(
        "  inputs       \"u\" [], \"v\" [1, 1]\n  outputs      \"é\" [1], \"q\" []\n"))
    _ = try Python.run(
      """
      import numpy
      numpy.savez("x.npz", u=[1, 2], v=[[[1]], [[0]]], **{"cotangent.é": [[1], [0]], "cotangent.q": [0, 1]})
      """, in: folder.path)
    for model in ["named.json", "named.deq.json"] {
      let report = try folder.deq("evaluate", model, "--input", "x.npz", "-o", "r.npz", "--force")
      #expect(report.status == 0, "\(report.complaint)")
      let shown = try Python.run(
        """
        import numpy
        r = numpy.load("r.npz")
        print({k: r[k].tolist() for k in sorted(r) if "." in k and "w." not in k})
        """, in: folder.path)
      #expect(
        shown
          == "{'gradient.input': [[1.0, 2.0], [3.0, 4.0]], 'gradient.input.u': [1.0, 3.0], 'gradient.input.v': [[[2.0]], [[4.0]]], 'output.q': [8.0, 7.0], 'output.é': [[3.0], [2.0]]}\n"
      )
    }
  }

  @Test("Standard input may be a table too, and check and report read tables")
  func standardInput() throws {
    #expect(
      try folder.deq("evaluate", "mlp.json", input: "1,1\n2,0\n").text
        == "{\n  \"output\": [[3,8], [2,7]]\n}\n")
    try folder.write("1,1\n2,0\n", to: "x.csv")
    expectQuiet(try folder.deq("check", "mlp.json", "mlp.json", "--input", "x.csv", "--samples", "1"))
  }

  @Test(
    "A table that does not fit is refused with its line",
    arguments: [
      ("1,2,3\n", "x.csv: line 1: expected 2 numbers (the size of the input), found 3"),
      ("1,2\n\n3\n", "x.csv: line 3: expected 2 numbers (the size of the input), found 1"),
      ("1,x\n", "x.csv: line 1, field 2: expected a finite number, found \"x\""),
      ("a,b\n1,\n", "x.csv: line 2, field 2: expected a finite number, found nothing"),
      (",b\n1,2\n", "x.csv: line 1, field 1: expected a finite number, found nothing"),
      ("1,nan\n", "x.csv: line 1, field 2: expected a finite number, found \"nan\""),
      ("inf,1\n", "x.csv: line 1, field 1: expected a finite number, found \"inf\""),
      ("1,1e999\n", "x.csv: line 1, field 2: expected a finite number, found \"1e999\""),
      ("1,0x10\n", "x.csv: line 1, field 2: expected a finite number, found \"0x10\""),
      ("a,b\nc,d\n", "x.csv: line 2, field 1: expected a finite number, found \"c\""),
      ("a,b\n", "x.csv: expected a line of numbers for each sample, found none"),
      ("", "x.csv: expected a line of numbers for each sample, found none"),
      ("1;2\n", "x.csv: line 1: expected 2 numbers (the size of the input), found 1"),
    ])
  func badTables(table: String, complaint: String) throws {
    try folder.write(table, to: "x.csv")
    let outcome = try folder.deq("evaluate", "mlp.json", "--input", "x.csv")
    #expect(outcome.status == 65 && outcome.text == "")
    // A line of one word is taken for names, so that the next one, or its absence, is what is wrong.
    #expect(
      outcome.complaint == "deq: \(complaint)\n"
        || table == "1;2\n" && outcome.complaint.hasPrefix("deq: x.csv: expected a line of numbers"))
  }

  @Test("Cotangents for another number of samples, of another size, or in both files are refused")
  func badCotangents() throws {
    for (text, complaint) in [
      ("1,0\n", "e.csv: expected 2 cotangents (one for each sample), found 1"),
      ("1\n2\n", "e.csv: line 1: expected 2 numbers (the size of the output), found 1"),
    ] {
      try folder.write(text, to: "e.csv")
      try folder.write("1,1\n2,0\n", to: "x.csv")
      expectFailure(
        try folder.deq("evaluate", "mlp.json", "--input", "x.csv", "--cotangent", "e.csv"), 65, complaint)
    }
    expectFailure(
      try folder.deq("evaluate", "mlp.json", "--input", "samples.json", "--cotangent", "e.csv"), 65,
      "samples.json: expected inputs alone beside e.csv, found cotangents in both files")
    expectFailure(
      try folder.deq("evaluate", "mlp.json", "--cotangent", "-"), 64,
      "expected - once at most, since standard input can be read once")
    expectFailure(
      try folder.deq("evaluate", "mlp.json", "--input", "x.csv", "--cotangent", "none.npy"), 66,
      "none.npy: expected a file, found none")
  }

  @Test(
    "NumPy's arrays go in and come out: the numbers of JSON, with their names and shapes",
    .enabled(if: Python.has("numpy"), "Python lacks numpy"))
  func arrays() throws {
    _ = try Python.run(
      """
      import numpy as np
      x, e = np.array([[1.0, 1], [2, 0]]), np.array([[1.0, 0], [0, 1]])
      np.save("x.npy", x); np.save("e.npy", e); np.savez("both.npz", input=x, cotangent=e)
      np.savez("short.npz", input=x, cotangent=e[:1]); np.save("f.npy", np.asfortranarray(e))
      """, in: folder.path)
    let expected = try folder.deq("evaluate", "mlp.json", "--input", "samples.json").text
    let beside = try folder.deq("evaluate", "mlp.json", "--input", "x.npy", "--cotangent", "e.npy")
    #expect(beside.text == expected, "\(beside.complaint)")
    #expect(try folder.deq("evaluate", "mlp.json", "--input", "both.npz").text == expected)
    expectFailure(
      try folder.deq("evaluate", "mlp.json", "--input", "short.npz"), 65,
      "short.npz: expected 2 cotangents (one for each sample), found 1")
    expectQuiet(try folder.deq("evaluate", "mlp.json", "--input", "both.npz", "-o", "y.npz"))
    expectQuiet(try folder.deq("convert", "mlp.json"))
    let ofModel = try folder.deq("evaluate", "mlp.deq.json", "--input", "both.npz", "--state", "-o", "z.npz")
    #expect(ofModel.status == 0 && ofModel.text == "")
    _ = try Python.run(
      """
      import numpy as np
      y, z = np.load("y.npz"), np.load("z.npz")
      names = ["output", "converged", "gradient.input", "gradient.w.weight", "gradient.w.bias"]
      assert y.files == names and z.files == names[:2] + ["state.w", "adjoint.w"] + names[2:], (y.files, z.files)
      assert all(np.array_equal(y[n], z[n]) for n in names)
      assert np.array_equal(y["output"], [[3, 8], [2, 7]]) and np.array_equal(z["state.w"], y["output"])
      assert np.array_equal(y["gradient.input"], [[1, 2], [3, 4]]) and y["converged"].dtype == bool
      assert np.array_equal(y["gradient.w.weight"], [[1, 1], [2, 0]]) and y["gradient.w.bias"].shape == (2,)
      """, in: folder.path)
    expectFailure(
      try folder.deq("evaluate", "mlp.json", "--input", "x.npy", "-o", "y.npz"), 73,
      "y.npz: exists and differs from what would be written; --force replaces it")
    for option in ["--json", "--trace", "--time"] {
      let outcome = try folder.deq("evaluate", "mlp.json", "--input", "x.npy", option, "-o", "w.npz")
      #expect(
        outcome.status == 64
          && outcome.complaint.contains("expected a file of JSON to write it to, found w.npz"))
    }
  }

  @Test("Samples without an equilibrium are one object in JSON, one line each otherwise, and NaN in arrays")
  func noEquilibrium() throws {
    let samples = #"{"input": [[1], [0], [2]]}"#
    for options in [["--json"], ["--state"], ["--trace"], ["--at-iterations", "1"]] {
      let outcome = try folder.deq(["evaluate", "none.json"] + options, input: samples)
      #expect(outcome.status == 1)
      let error = try JSONInstance(parsing: Array(outcome.complaint.utf8))
      guard case .string(let message) = error["error"]?["message"] else {
        Issue.record("\(options): \(outcome.complaint)")
        continue
      }
      #expect(message.contains("sample 0") && message.contains("sample 2"), "\(message)")
    }
    let plain = try folder.deq("evaluate", "none.json", input: samples)
    #expect(plain.status == 1)
    #expect(lines(of: plain.complaint).filter { $0.hasPrefix("deq: none.json: equilibrium: ") }.count == 3)
    let arrays = try folder.deq("evaluate", "none.json", "--state", "-o", "y.npz", input: samples)
    #expect(arrays.status == 1 && arrays.complaint == plain.complaint)
    #expect(!folder.names.contains("y.npz"))
  }

  @Test(
    "The rows of a sample without an equilibrium are NaN, and the others' numbers are there",
    .enabled(if: Python.has("numpy"), "Python lacks numpy"))
  func oneBadSample() throws {
    // z = relu(2z + x): no equilibrium for a positive x.
    try folder.write(Examples.loop(2, activation: "relu"), to: "step.json")
    let outcome = try folder.deq(
      "evaluate", "step.json", "--state", "-o", "y.npz",
      input: #"{"input": [[-1], [1], [-2]], "cotangent": [[1], [1], [1]]}"#)
    #expect(outcome.status == 1 && outcome.text == "")
    #expect(outcome.complaint.contains("deq: step.json: equilibrium: none found for sample 1"))
    _ = try Python.run(
      """
      import numpy as np
      y = np.load("y.npz")
      for name in ["output", "state.z", "gradient.input"]:
          assert np.array_equal(y[name], [[0], [np.nan], [0]], equal_nan=True), (name, y[name])
      assert y["converged"].tolist() == [True, False, True]
      """, in: folder.path)
  }
}
