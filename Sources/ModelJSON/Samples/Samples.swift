import Blocks
import FileAccess
import LinearAlgebra
import TensorFiles

/// The points at which a model is evaluated: `{"input": [[…]], "cotangent": [[…]]}`.
public struct Samples: Sendable {
  /// The inputs, `[batch, input]`, at least one.
  public let input: Matrix<Double>
  /// The cotangents of the output, `[batch, output]`; nil if no gradients are wanted.
  public let cotangent: Matrix<Double>?

  /// Samples from memory; a cotangent has one row for each of them.
  public init(input: Matrix<Double>, cotangent: Matrix<Double>? = nil) {
    self.input = input
    self.cotangent = cotangent
  }

  /// Reads samples for a model with this many input and output coordinates. A NumPy array or a table in CSV holds inputs
  /// alone, an archive of arrays also cotangents.
  ///
  /// - Parameters:
  ///   - cotangents: A file of the cotangents; nil if they stand beside the inputs, or there are none.
  ///   - signature: The names of the model's inputs and outputs. An archive may have an array of each input in the place
  ///     of `input`, and of each output, `cotangent.NAME`, in the place of `cotangent`.
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func read(
    _ contents: FileContents, cotangents: FileContents? = nil, inputSize: Int, outputSize: Int,
    signature: ModelSignature = .unnamed
  ) throws(FileError) -> Samples {
    let samples = try readTogether(
      contents, inputSize: inputSize, outputSize: outputSize, signature: signature)
    guard let cotangents else { return samples }
    guard samples.cotangent == nil else {
      throw FileError(
        .badData, file: contents.name,
        "expected inputs alone beside \(cotangents.name), found cotangents in both files")
    }
    return try Samples(
      input: samples.input,
      cotangent: readCotangents(
        cotangents, outputSize: outputSize, signature: signature),
      file: cotangents.name)
  }

  private static func readTogether(
    _ contents: FileContents, inputSize: Int, outputSize: Int, signature: ModelSignature
  ) throws(FileError) -> Samples {
    if let samples = try arrays(
      contents, inputSize: inputSize, outputSize: outputSize, signature: signature)
    {
      return samples
    }
    let root = try JSONDocument(contents).root
    if root.isObject, try JSONObject(root, keys: nil).optional("format") != nil {
      throw root.expected("samples", found: "a model; the model is the argument, samples follow --input")
    }
    let object = try JSONObject(root, keys: ["input", "cotangent"])
    return try read(
      object, inputColumns: (inputSize, "the size of the input"),
      outputColumns: (outputSize, "the size of the output"))
  }

  /// Reads the samples from an object's keys; a size that is nil is that of the first row.
  package static func read(
    _ object: JSONObject, inputColumns: (Int, String)? = nil, outputColumns: (Int, String)? = nil
  ) throws(FileError) -> Samples {
    let input = try object.required("input").matrix(columns: inputColumns)
    let cotangent = try object.optional("cotangent").map { value throws(FileError) in
      try value.matrix(rows: (input.rows, "one for each sample"), columns: outputColumns)
    }
    return Samples(input: input, cotangent: cotangent)
  }
}
