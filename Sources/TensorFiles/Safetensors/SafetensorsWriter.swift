import FileAccess
import LinearAlgebra

/// Writes tensors as a safetensors file: the same tensors give the same bytes.
///
/// The header has the names in the order given. The data begins at a multiple of 8 bytes and has the tensors with wide
/// numbers first, so that each tensor's numbers are aligned, as the reference implementation writes them.
public struct SafetensorsWriter {
  private let tensors: [(name: String, bytes: TensorBytes, shape: [Int])]
  private let metadata: [(key: String, value: String)]

  /// A writer of these tensors, and of strings besides.
  public init(
    _ tensors: [(name: String, tensor: Tensor<Double>)], metadata: [(key: String, value: String)] = []
  ) {
    self.tensors = tensors.map { ($0.name, TensorBytes($0.tensor), $0.tensor.shape) }
    self.metadata = metadata
  }

  /// Writes the file. Numbers are never all in memory; NaN and infinities are numbers to this format.
  ///
  /// - Throws: `FileError`: of kind `badData` for a name that the format cannot say or that stands there twice, of kind
  ///   `inputOutput` where writing fails. What has been written until then is to be discarded.
  public func write(to sink: any ByteSink) throws(FileError) {
    try validate(for: sink)
    // By size alone, and stable: the order of the tensors decides everything else.
    let inDataOrder = tensors.indices.sorted {
      (-tensors[$0].bytes.type.size, $0) < (-tensors[$1].bytes.type.size, $1)
    }
    try sink.write(header(dataOrder: inDataOrder, file: sink.name))
    for index in inDataOrder { try tensors[index].bytes.write(to: sink) }
  }

  private func validate(for sink: any ByteSink) throws(FileError) {
    try validate(tensors.map(\.name), "a tensor", for: sink)
    try validate(metadata.map(\.key), "a string", for: sink)
    if let text = metadata.first(where: { $0.value.utf8.contains(0) }) {
      throw FileError(
        .badData, file: sink.name, place: quoted(text.key),
        "expected a string without NUL to write, found one")
    }
  }

  private func validate(_ names: [String], _ what: String, for sink: any ByteSink) throws(FileError) {
    var seen: Set<String> = []
    for name in names {
      guard name != SafetensorsHeader.metadataKey, !name.utf8.contains(0) else {
        throw FileError(
          .badData, file: sink.name, place: quoted(name),
          "expected \(what) with a name that the format can say, found another")
      }
      guard seen.insert(name).inserted else {
        throw FileError(
          .badData, file: sink.name, place: quoted(name), "expected \(what) with a name of its own, found two"
        )
      }
    }
  }

  /// The length of the header and the header, padded so that the data begins at a multiple of 8 bytes.
  private func header(dataOrder: [Int], file: String) throws(FileError) -> [UInt8] {
    var begins = [Int](repeating: 0, count: tensors.count)
    var end = 0
    for index in dataOrder {
      begins[index] = end
      end += tensors[index].bytes.count
    }
    var entries: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.map { "\(escaped($0.key)):\(escaped($0.value))" }
      entries.append("\"\(SafetensorsHeader.metadataKey)\":{\(pairs.joined(separator: ","))}")
    }
    for (tensor, begin) in zip(tensors, begins) {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(escaped(tensor.name)):{\"dtype\":\"\(SafetensorsType(tensor.bytes.type).rawValue)\","
          + "\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(begin + tensor.bytes.count)]}")
    }
    var text = Array("{\(entries.joined(separator: ","))}".utf8)
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    guard text.count <= SafetensorsHeader.maximumLength else {
      throw FileError(
        .badData, file: file,
        "expected a header of at most \(SafetensorsHeader.maximumLength) bytes to write, found \(text.count)")
    }
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }
}
