import FileAccess
import LinearAlgebra
import TensorFiles

/// Samples together with what another program computed for them: a fixture to test against.
///
/// `{"source": "PyTorch …", "input": …, "cotangent": …, "output": …, "gradients": {…}}`
public struct ExpectedResults: Sendable {
  /// Who computed it, in words; nil where the file does not say.
  public let source: String?
  /// What it was computed for.
  public let samples: Samples
  /// What came out.
  public let results: SampleResults

  /// Reads a fixture; only `source`, `cotangent` and `gradients` may be absent.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func read(_ contents: FileContents) throws(FileError) -> ExpectedResults {
    let keys = ["source", "input", "cotangent", "output", "gradients"]
    let object = try JSONObject(JSONDocument(contents).root, keys: keys)
    let source = try object.optional("source").map { value throws(FileError) in try value.string() }
    let samples = try Samples.read(object)
    let results = try SampleResults.read(object, samples: samples.input.rows)
    return ExpectedResults(source: source, samples: samples, results: results)
  }
}
