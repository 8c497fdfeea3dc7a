import FileAccess
import LinearAlgebra
import TensorFiles

extension Samples {
  /// Reads the inputs alone, `[samples, inputSize]`, for a model with this many input coordinates: of samples in JSON, of a
  /// NumPy array (`.npy`), or of the array `input`, or the only one, in an archive of them (`.npz`). An array has one
  /// sample along each place of its first axis, or is one sample as a whole.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func readInputs(
    _ contents: FileContents, inputSize: Int
  ) throws(FileError) -> Matrix<Double> {
    if let array = try numPyInput(contents, inputSize: inputSize) { return array }
    let object = try JSONObject(JSONDocument(contents).root, keys: ["input", "cotangent"])
    return try read(object, inputColumns: (inputSize, "the size of the input")).input
  }

  /// The inputs of a NumPy file; nil for a file that is none.
  static func numPyInput(
    _ contents: FileContents, inputSize: Int
  ) throws(FileError) -> Matrix<Double>? {
    let (file, bytes) = (contents.name, contents.bytes)
    if bytes.starts(with: NumPyArray.magic) || file.hasSuffix(".npy") {
      return try inputs(NumPyArray(bytes[...], file: file), inputSize, file: file, place: "")
    }
    guard ZipArchive.magics.contains(where: { bytes.starts(with: $0) }) || file.hasSuffix(".npz") else {
      return nil
    }
    let archive = try ZipArchive(contents)
    let names = archive.names
    guard let name = names.count == 1 ? names[0] : names.first(where: { $0 == "input.npy" }) else {
      throw FileError(
        .badData, file: file,
        "expected an array called input, or a single one, found \(counted(names.count, "array"))")
    }
    let array = try NumPyArray(archive.bytes(of: name)[...], file: file, place: quoted(name))
    return try inputs(array, inputSize, file: file, place: quoted(name))
  }

  private static func inputs(
    _ array: NumPyArray, _ inputSize: Int, file: String, place: String
  ) throws(FileError) -> Matrix<Double> {
    guard let number = array.elements.first(where: { !$0.isFinite }) else {
      // Extents beside a 0 may be of any size, so they are not multiplied.
      let count = array.elements.count
      let isBatch = array.shape.first.map { $0 >= 1 && count % $0 == 0 && count / $0 == inputSize } ?? false
      guard isBatch || count == inputSize else {
        throw FileError(
          .badData, file: file, place: place,
          "expected samples of \(counted(inputSize, "number")), the size of the input, found shape \(array.shape)"
        )
      }
      return Matrix(rows: isBatch ? array.shape[0] : 1, columns: inputSize, elements: array.elements)
    }
    throw FileError(.badData, file: file, place: place, "expected finite numbers, found \(number)")
  }
}
