import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// The inverse of unfolding an image.
  static let folding: [String: OperatorHandler] = [
    "Col2Im": .variable(["dilations", "pads", "strides"]) { node throws(ImportFailure) in
      try node.columnsToImage()
    }
  ]
}

extension NodeImport {
  /// The sum of blocks at their places in an image: a transposed convolution whose kernels have a single one each.
  fileprivate func columnsToImage() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let layout = variable.layout
    guard let image = try constantIntegers(1, "image_shape"),
      let kernel = try constantIntegers(2, "block_shape"),
      layout.shape.count == 3, image.count == kernel.count, !kernel.isEmpty
    else { throw .refused("expected columns of 3 axes, and an image as well as a block of as many extents") }
    guard (kernel + image).allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw .refused(
        "expected extents from 1 to \(1 << 20), found an image of \(image) and blocks of \(kernel)")
    }
    guard layout.batchAxis ?? 0 == 0, !layout.isMerged, layout.batch != nil || layout.shape[0] == 1 else {
      throw .mixesBatch("uses the batch axis as another axis")
    }
    let size = try checkedCount(of: kernel, least: 1)
    let channels = layout.shape[1] / size
    guard channels >= 1, layout.shape[1] == channels * size else {
      throw .refused("expected columns for blocks of \(kernel), found shape \(layout.shape)")
    }
    let window = try WindowAttributes(of: self, rank: kernel.count, kernel: kernel)
    let rank = kernel.count
    var (counts, extra): ([Int], [Int]) = ([], [])
    for axis in 0..<rank {
      let room = image[axis] + window.pads[axis] + window.pads[rank + axis] - window.spans[axis]
      guard room >= 0 else { throw .refused("expected blocks that fit the image \(image), found \(kernel)") }
      counts.append(room / window.strides[axis] + 1)
      extra.append(room % window.strides[axis])
    }
    guard counts.reduce(1, *) == layout.shape[2] else {
      throw .refused("expected \(counts.reduce(1, *)) columns, found shape \(layout.shape)")
    }
    try ImportLimits.charge(checkedCount(of: [layout.shape[1], size]))
    var weight = [Double](repeating: 0, count: layout.shape[1] * size)
    for row in 0..<layout.shape[1] { weight[row * size + row % size] = 1 }
    let map = try linearMap(
      "conv_transpose", from: [layout.shape[1]] + counts,
      [
        "stride": .integers(window.strides), "padding": .integers(window.pads),
        "output_padding": .integers(extra), "dilation": .integers(window.dilations),
        "groups": .integers([channels]),
      ], weight: Tensor(shape: [layout.shape[1], 1] + kernel, elements: weight))
    return try mapped(variable, by: map, to: leading(layout, map.outputShape))
  }
}
