import Blocks
import FileAccess
import LinearAlgebra
import TensorFiles

extension Samples {
  /// Reads the inputs alone, `[samples, inputSize]`, for a model with this many input coordinates. The file
  /// holds samples in JSON, a NumPy array (`.npy`), an archive of arrays (`.npz`) with an array `input`
  /// or a single array, or one of each of the model's named inputs, or a line of numbers for each sample (`.csv`). The
  /// first axis of an array counts the samples, unless the array as a whole is one sample.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func readInputs(
    _ contents: FileContents, inputSize: Int, signature: ModelSignature = .unnamed
  ) throws(FileError) -> Matrix<Double> {
    if let samples = try arrays(contents, inputSize: inputSize, outputSize: nil, signature: signature) {
      return samples.input
    }
    let object = try JSONObject(JSONDocument(contents).root, keys: ["input", "cotangent"])
    return try read(object, inputColumns: (inputSize, "the size of the input")).input
  }

  /// Reads cotangents alone, `[samples, outputSize]`: from `.npy`, from `.npz` with an array `cotangent` or a single array,
  /// from `.csv`, or from JSON with the key `cotangent`.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  static func readCotangents(
    _ contents: FileContents, outputSize: Int, signature: ModelSignature
  ) throws(FileError) -> Matrix<Double> {
    let size = (outputSize, "the size of the output")
    if CSVTable.isTable(contents) { return try CSVTable.read(contents, columns: size) }
    if let file = try NumPyFile(contents) {
      if let parts = try parts(of: file, "cotangent", signature.outputs, prefix: "cotangent.") {
        return parts
      }
      return try inputs(
        file.array("cotangent", orSingle: true)!, size, file: contents.name,
        place: file.place(of: "cotangent"))
    }
    let object = try JSONObject(JSONDocument(contents).root, keys: ["input", "cotangent"])
    return try object.required("cotangent").matrix(columns: size)
  }

  /// The samples of a file of arrays, NumPy's or a table, with cotangents if an archive has the array `cotangent`; nil if
  /// the file is neither.
  ///
  /// - Parameter outputSize: The size of a cotangent; nil if none is read.
  static func arrays(
    _ contents: FileContents, inputSize: Int, outputSize: Int?, signature: ModelSignature
  ) throws(FileError) -> Samples? {
    let size = (inputSize, "the size of the input")
    if CSVTable.isTable(contents) { return Samples(input: try CSVTable.read(contents, columns: size)) }
    guard let file = try NumPyFile(contents) else { return nil }
    let input: Matrix<Double>
    if let parts = try parts(of: file, "input", signature.inputs) {
      input = parts
    } else {
      input = try inputs(
        file.array("input", orSingle: true)!, size, file: contents.name, place: file.place(of: "input"))
    }
    guard let outputSize else { return Samples(input: input) }
    if let parts = try parts(of: file, "cotangent", signature.outputs, prefix: "cotangent.") {
      return try Samples(input: input, cotangent: parts, file: contents.name)
    }
    guard let array = try file.array("cotangent", orSingle: false) else {
      return Samples(input: input)
    }
    let cotangent = try inputs(
      array, (outputSize, "the size of the output"), file: contents.name, place: file.place(of: "cotangent"))
    return try Samples(input: input, cotangent: cotangent, file: contents.name)
  }

  /// The samples of which an archive has an array for each tensor, `[samples, …]`; nil if it has none of them, or one
  /// array `whole` for all. A tensor may have that name itself: then there are the others too.
  ///
  /// - Throws: `FileError` where one is missing, or they have different numbers of samples.
  private static func parts(
    of file: NumPyFile, _ whole: String, _ tensors: [ModelSignature.Tensor], prefix: String = ""
  ) throws(FileError) -> Matrix<Double>? {
    let present = tensors.filter { file.contains(prefix + $0.name) }
    guard present.contains(where: { prefix + $0.name != whole }) else { return nil }
    guard !file.contains(whole) || tensors.contains(where: { prefix + $0.name == whole }) else { return nil }
    if let missing = tensors.first(where: { tensor in !present.contains(tensor) }) {
      throw FileError(
        .badData, file: file.name,
        "expected an array of each of \(counted(tensors.count, "tensor")), found none called \(quoted(prefix + missing.name))"
      )
    }
    var parts: [Matrix<Double>] = []
    for tensor in tensors {
      let name = prefix + tensor.name
      let part = try inputs(
        file.array(name, orSingle: false)!, (tensor.size, "the size of \(quoted(tensor.name))"),
        file: file.name, place: quoted(name))
      if let first = parts.first, first.rows != part.rows {
        throw FileError(
          .badData, file: file.name, place: quoted(name),
          "expected \(counted(first.rows, "sample")), as \(quoted(prefix + tensors[0].name)) has, found \(part.rows)"
        )
      }
      parts.append(part)
    }
    return Matrix(
      rows: parts[0].rows, columns: parts.reduce(0) { $0 + $1.columns },
      elements: (0..<parts[0].rows).flatMap { row in parts.flatMap { $0.row(row) } })
  }

  private static func inputs(
    _ array: NumPyArray, _ size: (count: Int, meaning: String), file: String, place: String
  ) throws(FileError) -> Matrix<Double> {
    guard let number = array.elements.first(where: { !$0.isFinite }) else {
      // With an extent of 0 the others may have any size, so they are not multiplied.
      let count = array.elements.count
      let isBatch = array.shape.first.map { $0 >= 1 && count % $0 == 0 && count / $0 == size.count } ?? false
      guard isBatch || count == size.count else {
        throw FileError(
          .badData, file: file, place: place,
          "expected samples of \(counted(size.count, "number")), \(size.meaning), found shape \(array.shape)"
        )
      }
      return Matrix(rows: isBatch ? array.shape[0] : 1, columns: size.count, elements: array.elements)
    }
    throw FileError(.badData, file: file, place: place, "expected finite numbers, found \(number)")
  }
}

extension Samples {
  /// Samples whose cotangents came from a file of arrays.
  ///
  /// - Throws: `FileError` where there is not one for each sample.
  init(input: Matrix<Double>, cotangent: Matrix<Double>, file: String) throws(FileError) {
    guard cotangent.rows == input.rows else {
      throw FileError(
        .badData, file: file,
        "expected \(counted(input.rows, "cotangent")) (one for each sample), found \(cotangent.rows)")
    }
    self.init(input: input, cotangent: cotangent)
  }
}

/// A file of NumPy: an array, or an archive of arrays.
private struct NumPyFile {
  private let contents: FileContents
  private let archive: ZipArchive?

  /// The file; nil if it is of another kind.
  init?(_ contents: FileContents) throws(FileError) {
    let (file, bytes) = (contents.name, contents.bytes)
    self.contents = contents
    if bytes.starts(with: NumPyArray.magic) || file.hasSuffix(".npy") {
      archive = nil
    } else if ZipArchive.magics.contains(where: { bytes.starts(with: $0) }) || file.hasSuffix(".npz") {
      archive = try ZipArchive(contents)
    } else {
      return nil
    }
  }

  /// The array of an archive with this name, or the only one; the array of a file that is no archive.
  ///
  /// - Parameter isSingle: Whether an array of another name is taken if it is the only one, and a missing one an error.
  func array(_ name: String, orSingle isSingle: Bool) throws(FileError) -> NumPyArray? {
    guard let archive else {
      return isSingle ? try NumPyArray(contents.bytes[...], file: contents.name) : nil
    }
    guard let member = member(name, orSingle: isSingle) else {
      guard isSingle else { return nil }
      throw FileError(
        .badData, file: contents.name,
        "expected an array called \(name), or a single one, found \(counted(archive.names.count, "array"))")
    }
    return try NumPyArray(archive.bytes(of: member)[...], file: contents.name, place: quoted(member))
  }

  /// The file's name in messages.
  var name: String { contents.name }

  /// Whether the file is an archive with an array of this name.
  func contains(_ name: String) -> Bool { member(name, orSingle: false) != nil }

  /// The place of an array in messages.
  func place(of name: String) -> String { member(name, orSingle: true).map { quoted($0) } ?? "" }

  private func member(_ name: String, orSingle isSingle: Bool) -> String? {
    guard let names = archive?.names else { return nil }
    return isSingle && names.count == 1 ? names[0] : names.first { $0 == "\(name).npy" }
  }
}
