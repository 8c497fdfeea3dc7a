import Blocks
import FileAccess
import LinearAlgebra
import ModelFiles
import ModelJSON
import Operators
import Testing

@Suite("Samples and results")
struct SampleTests {
  private func message(samples text: String) -> String? {
    ModelFilesTests.message { () throws(FileError) in
      try Samples.read(FileContents(Array(text.utf8), named: "file.json"), inputSize: 2, outputSize: 1)
    }
  }

  @Test("Inputs and cotangents are read as batches")
  func samples() throws {
    let text = "{\"input\": [[1, 2], [3, -0]], \"cotangent\": [[0.5], [1e20]]}"
    let samples = try Samples.read(
      FileContents(Array(text.utf8), named: "file.json"), inputSize: 2, outputSize: 1)
    #expect(samples.input == Matrix([[1, 2], [3, -0.0]]))
    #expect(samples.cotangent == Matrix([[0.5], [1e20]]))
    #expect(message(samples: "{\"input\": [[1, 2]]}") == nil)
  }

  @Test(
    "Samples that do not fit are refused with their place",
    arguments: [
      ("{}", "expected the key \"input\", found none"),
      ("{\"input\": []}", "input: expected a list of rows, found an empty array"),
      ("{\"input\": [1, 2]}", "input[0]: expected a list of 2 numbers (the size of the input), found 1"),
      ("{\"input\": [[1, 2], [3]]}", "input[1]: expected 2 numbers (the size of the input), found 1"),
      ("{\"input\": [[1, 2, 3]]}", "input[0]: expected 2 numbers (the size of the input), found 3"),
      ("{\"input\": [[1, 1e999]]}", "input[0][1]: expected a finite number, found 1e999"),
      (
        "{\"input\": [[1, 2]], \"cotangent\": [[1], [2]]}",
        "cotangent: expected 1 row (one for each sample), found 2"
      ),
      (
        "{\"input\": [[1, 2]], \"cotangent\": [[1, 2]]}",
        "cotangent[0]: expected 1 number (the size of the output), found 2"
      ),
      (
        "{\"input\": [[1, 2]], \"cotangent\": null}",
        "cotangent: expected a list of 1 row (one for each sample), found null"
      ),
      (
        "{\"input\": [[1, 2]], \"output\": [[1]]}",
        "expected only the keys input, cotangent, found \"output\""
      ),
    ])
  func hostileSamples(_ text: String, _ refused: String) {
    #expect(message(samples: text) == refused)
  }

  @Test("Results are written in order, each gradient in its own shape, and read back")
  func results() throws {
    var parameters = ParameterTensors<Double>()
    parameters.add(Tensor(shape: [2, 1], elements: [1, -0.0]), to: "fc1.weight")
    parameters.add(Tensor(shape: [3], elements: [0.1, 2, 3e-7]), to: "a \"bias\"")
    parameters.add(Tensor(shape: [2, 1, 2], elements: [1, 2, 3, 4]), to: "kernel")
    parameters.add(Tensor(shape: [], elements: [5]), to: "scale")
    let results = SampleResults(
      output: Matrix([[1], [2]]),
      gradients: Gradients(input: Matrix([[1, 2], [3, 4]]), parameters: parameters))
    let sink = MemorySink()
    try results.write(to: sink)
    #expect(
      String(decoding: sink.bytes, as: UTF8.self) == """
        {
          "output": [[1], [2]],
          "gradients": {
            "input": [[1,2], [3,4]],
            "fc1.weight": [[1], [-0.0]],
            "a \\"bias\\"": [0.1,2,3e-7],
            "kernel": [[[1,2]], [[3,4]]],
            "scale": 5
          }
        }

        """)
    #expect(try SampleResults.read(FileContents(sink.bytes, named: "file.json")) == results)
  }

  @Test("A result that is not finite is not written")
  func notFinite() {
    #expect {
      try SampleResults(output: Matrix([[1], [.nan]])).write(to: MemorySink(named: "out.json"))
    } throws: {
      "\($0)" == "out.json: output[1][0]: expected a finite number to write, found nan"
    }
  }

  @Test("Fixtures have samples, results and who made them")
  func expected() throws {
    let text = """
      {"source": "PyTorch", "input": [[1, 2]], "cotangent": [[1]], "output": [[3]],
       "gradients": {"input": [[4, 5]], "w": [[[6], [7]]], "s": 8}}
      """
    let expected = try ExpectedResults.read(FileContents(Array(text.utf8), named: "file.json"))
    #expect(expected.source == "PyTorch")
    #expect(expected.samples.input == Matrix([[1, 2]]))
    #expect(expected.results.output == Matrix([[3]]))
    let gradients = try #require(expected.results.gradients)
    #expect(gradients.input == Matrix([[4, 5]]))
    #expect(gradients.parameters["w"] == Tensor(shape: [1, 2, 1], elements: [6, 7]))
    #expect(gradients.parameters["s"] == Tensor(shape: [], elements: [8]))
  }

  @Test(
    "Fixtures that do not fit are refused with their place",
    arguments: [
      ("\"output\": [[1], [2]]", "output: expected 1 row (one for each sample), found 2"),
      ("\"output\": [[1]], \"gradients\": {}", "gradients: expected the key \"input\", found none"),
      (
        "\"output\": [[1]], \"gradients\": {\"input\": [[1]], \"w.b\": [[1], [2, 3]]}",
        "gradients[\"w.b\"][1]: expected 1 element, found 2"
      ),
      (
        "\"output\": [[1]], \"gradients\": {\"input\": [[1]], \"w\": [[1], 2]}",
        "gradients.w[1]: expected a list of 1 element, found 2"
      ),
      (
        "\"output\": [[1]], \"gradients\": {\"input\": [[1]], \"w\": [1, [2]]}",
        "gradients.w[1]: expected a finite number, found an array of 1"
      ),
      (
        "\"output\": [[1]], \"gradients\": {\"input\": [[1]], \"w\": [[], []]}",
        "gradients.w[0]: expected a list of elements, found an empty array"
      ),
      (
        "\"output\": [[1]], \"gradients\": {\"input\": [[1]], \"w\": {\"sum\": 1}}",
        "gradients.w: expected a finite number, found an object"
      ),
      ("\"output\": [[1]], \"source\": 1", "source: expected a string, found 1"),
    ])
  func hostileFixtures(_ keys: String, _ refused: String) {
    let bytes = Array("{\"input\": [[1]], \(keys)}".utf8)
    #expect(
      ModelFilesTests.message { () throws(FileError) in
        try ExpectedResults.read(FileContents(bytes, named: "file.json"))
      } == refused)
  }
}
