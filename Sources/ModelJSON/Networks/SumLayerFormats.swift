import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// `{"type": "add", "inputs": ["a", "b"], "activation": "relu"}`: the sum of what it reads, all of one shape.
struct AddLayerFormat: LayerFormat {
  let typeName = "add"
  let keys = ["activation"]
  var inputCount: ClosedRange<Int> { 1...(.max) }

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let shape = sources[0].shape
    if let other = sources.first(where: { $0.shape != shape }) {
      throw object.value.expected(
        "shape \(shape) (\(sources[0].place.reason)) of all inputs",
        found: "\(other.shape) (\(other.place.reason))")
    }
    return .explicit(
      Block(
        name: name, shape: shape, nonlinearity: try LayerParts.activation(object, shape: shape),
        terms: sources.map { Term(source: $0.source, map: IdentityMap(shape)) }))
  }

  func writes(_ layer: WrittenLayer) -> Bool {
    guard let block = layer.block else { return false }
    return block.terms.count >= 2 && block.offsets.isEmpty && block.portShapes == [block.shape]
      && block.terms.allSatisfy {
        $0.map is IdentityMap<Double> && $0.map.inputShape == block.shape
          && layer.source($0.source).shape == block.shape
      }
  }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    try LayerParts.writeActivation(of: layer.block!, to: &writer)
  }
}

/// `{"type": "cat", "inputs": ["a", "b"], "dim": 0}`: what it reads side by side along an axis, as in `torch.cat`.
struct ConcatenationLayerFormat: LayerFormat {
  let typeName = "cat"
  let keys = ["dim", "activation"]
  var inputCount: ClosedRange<Int> { 1...(.max) }

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let rank = sources[0].shape.count
    let value = object.optional("dim")
    let given = try value?.integer("an axis", within: 1 << 20) ?? 0
    guard (-rank..<rank).contains(given) else {
      throw value!.expected("an axis from \(-rank) to \(rank - 1)")
    }
    let axis = given < 0 ? given + rank : given
    for source in sources {
      var ours = sources[0].shape
      let theirs = source.shape
      guard theirs.count == rank else {
        throw object.value.expected(
          "inputs of \(rank == 1 ? "1 axis" : "\(rank) axes")", found: "\(theirs) (\(source.place.reason))")
      }
      ours[axis] = theirs[axis]
      guard ours == theirs else {
        throw object.value.expected(
          "shapes that differ along axis \(axis) only, as \(sources[0].shape) (\(sources[0].place.reason))",
          found: "\(source.shape) (\(source.place.reason))")
      }
    }
    let total = sources.reduce(0) { $0 + $1.shape[axis] }
    var shape = sources[0].shape
    shape[axis] = total
    var start = 0
    let terms = try sources.map { source throws(FileError) in
      defer { start += source.shape[axis] }
      let map = try AttributesFormat.located(nil, at: object.value) { () throws(InvalidConstants) in
        try Place<Double>(inputShape: source.shape, dim: axis, start: start, total: total)
      }
      return Term(source: source.source, map: map)
    }
    return .explicit(
      Block(
        name: name, shape: shape, nonlinearity: try LayerParts.activation(object, shape: shape), terms: terms)
    )
  }

  func writes(_ layer: WrittenLayer) -> Bool { axis(of: layer) != nil }

  /// The axis along which the layer's terms stand side by side without a gap, or nil.
  private func axis(of layer: WrittenLayer) -> Int? {
    guard let block = layer.block, block.terms.count >= 2, block.offsets.isEmpty,
      block.portShapes == [block.shape]
    else { return nil }
    var (axis, next): (Int?, Int) = (nil, 0)
    for term in block.terms {
      guard let map = term.map as? Place<Double>, map.outputShape == block.shape,
        layer.source(term.source).shape == map.inputShape,
        map.dim >= 0, map.dim == axis ?? map.dim, map.start == next
      else { return nil }
      axis = map.dim
      next += map.inputShape[map.dim]
    }
    return next == block.shape[axis!] ? axis : nil
  }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    if let axis = axis(of: layer), axis != 0 {
      try writer.key("dim")
      try writer.integer(axis)
    }
    try LayerParts.writeActivation(of: layer.block!, to: &writer)
  }
}
