import Blocks
import LinearAlgebra
import Operators

extension Block {
  /// Checks that the nonlinearity and every term and offset match the block and what they read.
  ///
  /// - Parameters:
  ///   - inputSize: The number of input coordinates.
  ///   - sizes: The size of each node that a term may read.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func validate(inputSize: Int, sizes: [Int]) throws(InvalidModel) {
    let place = "block \"\(name)\""
    guard nonlinearity.outputShape(portShapes: portShapes)?.reduce(1, *) == size else {
      throw InvalidModel(
        "\(place): \(type(of: nonlinearity).typeName) of ports of \(portShapes) does not give \(shape)"
      )
    }
    for term in terms {
      guard portSizes.indices.contains(term.port) else {
        throw InvalidModel("\(place): expected a port below \(portSizes.count), found \(term.port)")
      }
      let available = try size(of: term.source, inputSize: inputSize, sizes: sizes)
      guard term.map.inputSize == available else {
        throw InvalidModel("\(place): a linear map of \(term.map.inputSize) numbers reads \(available)")
      }
      guard term.map.outputSize == portSizes[term.port] else {
        throw InvalidModel(
          "\(place): a linear map to \(term.map.outputSize) numbers feeds a port of \(portSizes[term.port])")
      }
    }
    for offset in offsets {
      guard portSizes.indices.contains(offset.port), offset.count == portSizes[offset.port] else {
        throw InvalidModel(
          "\(place): an offset of \(offset.count) numbers does not fit port \(offset.port)")
      }
    }
  }

  private func size(of source: Source, inputSize: Int, sizes: [Int]) throws(InvalidModel) -> Int {
    switch source {
    case .input: return inputSize
    case .node(let index):
      guard sizes.indices.contains(index) else {
        throw InvalidModel("block \"\(name)\": reads a node that does not exist")
      }
      return sizes[index]
    }
  }
}

/// Checks that names are unique.
///
/// - Parameter kind: What is named, for the message: `block` or `layer`.
public func validateNames(_ names: some Sequence<String>, of kind: String) throws(InvalidModel) {
  var seen: Set<String> = []
  for name in names where !seen.insert(name).inserted {
    throw InvalidModel("\(kind) \"\(name)\": expected a unique name, found it twice")
  }
}

/// Checks that entries with the same parameter agree on its shape.
@specialized(where S == Double)
@specialized(where S == Float)
public func validateParameters<S: Scalar>(of blocks: [Block<S>]) throws(InvalidModel) {
  var shapes: [String: [Int]] = [:]
  for block in blocks {
    let carried =
      block.terms.map { ($0.parameter, $0.map.parameterShape) }
      + block.offsets.map { ($0.parameter, $0.tensor.shape) }
    for case (let name?, let shape) in carried {
      guard let shape else { throw InvalidModel("parameter \"\(name)\": carried by a map that has none") }
      guard shapes.updateValue(shape, forKey: name) ?? shape == shape else {
        throw InvalidModel("parameter \"\(name)\": expected one shape, found \(shapes[name]!) and another")
      }
    }
  }
}
