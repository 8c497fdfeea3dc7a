import FileAccess
import LinearAlgebra
import TensorFiles

/// Samples with the results that another program computed for them: a fixture for tests.
///
/// `{"source": "PyTorch …", "input": …, "cotangent": …, "output": …, "gradients": {…}}`; those of test models also hold
/// `state`, `adjoint` and `error`, which are not read.
public struct ExpectedResults: Sendable {
  /// The program that computed them, in words; nil if the file does not say.
  public let source: String?
  /// The inputs and cotangents.
  public let samples: Samples
  /// The expected results.
  public let results: SampleResults

  /// Reads a fixture; only `input` and `output` must be there.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func read(_ contents: FileContents) throws(FileError) -> ExpectedResults {
    let keys = ["source", "input", "cotangent", "output", "state", "adjoint", "gradients", "error"]
    let object = try JSONObject(JSONDocument(contents).root, keys: keys)
    let source = try object.optional("source").map { value throws(FileError) in try value.string() }
    let samples = try Samples.read(object)
    let results = try SampleResults.read(object, samples: samples.input.rows)
    return ExpectedResults(source: source, samples: samples, results: results)
  }
}
