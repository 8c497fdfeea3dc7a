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

  /// Reads samples for a model with this many input and output coordinates; a NumPy file holds inputs
  /// alone.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func read(
    _ contents: FileContents, inputSize: Int, outputSize: Int
  ) throws(FileError) -> Samples {
    if let input = try numPyInput(contents, inputSize: inputSize) { return Samples(input: input) }
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
