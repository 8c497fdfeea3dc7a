import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// A network of linear layers from a file that holds only their weights: the state dict of `torch.nn.Linear`s, as
/// safetensors or `.npz`.
///
/// Layers are `NAME.weight`, `[outputs, inputs]`, with an optional `NAME.bias`, in the natural order of their names
/// (`fc2` before `fc10`). Each is followed by the activation, except the last.
public enum MultilayerPerceptron {
  /// Reads the network, and the file that was read for it.
  ///
  /// - Throws: `FileError` that names the tensor that does not fit.
  public static func read(
    _ path: String, activation: any Nonlinearity
  ) throws(FileError) -> (network: Network<Double>, files: [InputFile]) {
    let log = InputFileLog()
    let tensors = try tensors(in: path, noting: log)
    let network = try network(of: tensors, activation, file: path)
    return (network, try log.files())
  }

  private static func tensors(
    in path: String, noting log: InputFileLog
  ) throws(FileError) -> [(name: String, tensor: Tensor<Double>)] {
    let file = try MappedFile(path)
    if file.withBytes(SafetensorsHeader.isPlausible) {
      log.note(file, at: path)
      let stored = try SafetensorsFile(file)
      var tensors: [(name: String, tensor: Tensor<Double>)] = []
      for name in stored.names { tensors.append((name, try stored.tensor(named: name).tensor)) }
      return tensors
    }
    let contents = try FileContents(reading: path)
    log.note(contents, at: path)
    let archive = try ZipArchive(contents)
    var tensors: [(name: String, tensor: Tensor<Double>)] = []
    for member in archive.names {
      let name = member.hasSuffix(".npy") ? String(member.dropLast(4)) : member
      let array = try NumPyArray(archive.bytes(of: member)[...], file: path, place: quoted(name))
      tensors.append((name, Tensor(shape: array.shape, elements: array.elements)))
    }
    return tensors
  }

  private static func network(
    of tensors: [(name: String, tensor: Tensor<Double>)], _ activation: any Nonlinearity, file: String
  ) throws(FileError) -> Network<Double> {
    let byName = Dictionary(tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
    let names = try layerNames(of: tensors.map(\.name), file: file)
    var layers: [Layer<Double>] = []
    var size: Int?
    for (position, name) in names.enumerated() {
      let weight = byName["\(name).weight"]!
      guard weight.shape.count == 2, weight.shape.allSatisfy({ $0 > 0 }) else {
        throw FileError(
          .badData, file: file, place: quoted("\(name).weight"),
          "expected a matrix [outputs, inputs], found shape \(weight.shape)")
      }
      if let size, weight.shape[1] != size {
        throw FileError(
          .badData, file: file, place: quoted("\(name).weight"),
          "expected \(size) inputs, the outputs of \(quoted(names[position - 1])), found \(weight.shape[1])")
      }
      let bias = byName["\(name).bias"]
      if let bias, bias.shape != [weight.shape[0]] {
        throw FileError(
          .badData, file: file, place: quoted("\(name).bias"),
          "expected shape [\(weight.shape[0])], found \(bias.shape)")
      }
      size = weight.shape[0]
      layers.append(
        .explicit(
          Block(
            name: name, size: weight.shape[0],
            nonlinearity: position == names.count - 1 ? Identity() : activation,
            terms: [
              Term(
                source: position == 0 ? .input : .node(position - 1), map: DenseMap(weight),
                parameter: "\(name).weight")
            ], offsets: bias.map { [Offset(tensor: $0, parameter: "\(name).bias")] } ?? [])))
    }
    do {
      return try Network(
        inputShape: [byName["\(names[0]).weight"]!.shape[1]], layers: layers, output: layers.count - 1)
    } catch {
      throw FileError(.badData, file: file, error.description)
    }
  }

  /// The layers that tensors of these names make up, in their order.
  private static func layerNames(of tensors: [String], file: String) throws(FileError) -> [String] {
    let names = tensors.filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(7)) }
    let known = Set(names.flatMap { ["\($0).weight", "\($0).bias"] })
    if let other = tensors.first(where: { !known.contains($0) }) {
      throw FileError(
        .badData, file: file, place: quoted(other),
        "expected the weight or the bias of a linear layer (NAME.weight, NAME.bias), found another tensor; "
          + "torch.onnx.export keeps networks of other layers")
    }
    guard !names.isEmpty else {
      throw FileError(.badData, file: file, "expected linear layers, NAME.weight, found none")
    }
    return names.sorted { isBefore($0, $1) }
  }

  /// Whether a name comes first where numbers in it count as numbers.
  private static func isBefore(_ first: String, _ second: String) -> Bool {
    let (left, right) = (parts(of: first), parts(of: second))
    for (a, b) in zip(left, right) where a != b {
      if let a = Int(a), let b = Int(b), a != b { return a < b }
      return a < b
    }
    return left.count < right.count
  }

  private static func parts(of name: String) -> [String] {
    var parts: [String] = []
    var isDigit: Bool?
    for character in name {
      let digit = character.isASCII && character.isNumber
      if digit == isDigit {
        parts[parts.count - 1].append(character)
      } else {
        parts.append(String(character))
      }
      isDigit = digit
    }
    return parts
  }
}
