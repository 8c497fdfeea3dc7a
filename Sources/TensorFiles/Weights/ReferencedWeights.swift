import LinearAlgebra
import Operators

/// Pointers into the file that the weights came from. Numbers that came from no file stand in the JSON.
public final class ReferencedWeights: WeightsPlacement {
  public let file: String?
  /// The weights file by every path that it was opened by.
  private let paths: Set<String>

  /// References from a JSON file to the one weights file of a model's tensors.
  ///
  /// - Parameter target: The path of the JSON file, from whose folder the weights file is named.
  /// - Throws: `FileError` of kind `badData` where the weights came from no file, from a pipe, or from several files.
  public init(to tensors: [Tensor<Double>], writtenTo target: String) throws(FileError) {
    let paths = Set(tensors.compactMap { ($0.source as? StoredTensor)?.path }).sorted()
    guard let path = paths.first else {
      throw FileError(.badData, file: target, "expected weights from a file to refer to, found none")
    }
    guard paths.allSatisfy({ realPath($0) == realPath(path) }) else {
      throw FileError(
        .badData, file: target,
        "expected weights from one file to refer to, found \(paths.joined(separator: ", "))")
    }
    guard firstByte(ofRegularFile: path) != nil else {
      throw FileError(
        .badData, file: target, "expected weights from a file to refer to, found them in a pipe, \(path)")
    }
    self.paths = Set(paths)
    file = relativePath(to: path, fromFolderOf: target)
  }

  public func reference(to tensor: Tensor<Double>, name: String) -> String? {
    guard let stored = tensor.source as? StoredTensor, paths.contains(stored.path),
      stored.shape == tensor.shape
    else {
      return nil
    }
    return stored.name
  }
}

extension ModelFile {
  /// Every tensor that an entry carries, in the order of the model.
  public var tensors: [Tensor<Double>] {
    switch self {
    case .equilibrium(let model): model.blocks.flatMap(\.tensors)
    case .network(let network):
      network.layers.flatMap { layer in
        switch layer {
        case .explicit(let block): block.tensors
        case .implicit(let layer): layer.model.blocks.flatMap(\.tensors)
        }
      }
    }
  }
}

extension Block {
  fileprivate var tensors: [Tensor<S>] { terms.compactMap { $0.map.parameter } + offsets.map(\.tensor) }
}
