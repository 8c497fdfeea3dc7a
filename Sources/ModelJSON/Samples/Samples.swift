import FileAccess
import LinearAlgebra
import TensorFiles

/// What a model is evaluated at: `{"input": [[…]], "cotangent": [[…]]}`.
public struct Samples: Sendable {
  /// The inputs, `[batch, input]`, at least one.
  public let input: Matrix<Double>
  /// The cotangents of the output, `[batch, output]`, where gradients are asked for.
  public let cotangent: Matrix<Double>?

  /// Samples that are already there; a cotangent has a row for each of them.
  public init(input: Matrix<Double>, cotangent: Matrix<Double>? = nil) {
    self.input = input
    self.cotangent = cotangent
  }

  /// Reads samples for a model with this many input and output coordinates; inputs alone where the file is NumPy's.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func read(
    _ contents: FileContents, inputSize: Int, outputSize: Int
  ) throws(FileError) -> Samples {
    if let input = try numPyInput(contents, inputSize: inputSize) { return Samples(input: input) }
    let object = try JSONObject(JSONDocument(contents).root, keys: ["input", "cotangent"])
    return try read(
      object, inputColumns: (inputSize, "the size of the input"),
      outputColumns: (outputSize, "the size of the output"))
  }

  /// The samples among an object's keys; sizes that are nil are those of the first row.
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
