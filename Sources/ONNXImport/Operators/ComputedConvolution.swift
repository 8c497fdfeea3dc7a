import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension NodeImport {
  /// A convolution whose weight is computed, as that of a weight norm: the product of its matrix with the matrix whose
  /// columns are the windows.
  func computedConvolution(
    _ variable: Variable, _ shape: [Int], _ weight: Variable
  ) throws(ImportFailure) -> Variable {
    let groups = try integer("group") ?? 1
    guard weight.layout.batch == nil else { throw .mixesBatch("has another weight for each sample") }
    let kernel = weight.layout.shape
    guard kernel.count == shape.count + 1, groups >= 1, shape[0] == kernel[1] * groups,
      kernel[0] % groups == 0
    else { throw .refused("expected a weight for shape \(variable.layout.shape), found shape \(kernel)") }
    var window = try WindowAttributes(of: self, rank: shape.count - 1, kernel: Array(kernel.dropFirst(2)))
    window.padSame(Array(shape.dropFirst()))
    let (columns, extents) = try windows(of: variable, shape, window, groups: groups)
    let size = kernel.dropFirst().reduce(1, *)
    let matrix = try reshaped(.variable(weight), to: [groups, kernel[0] / groups, size])
    let product = try matrixProduct(matrix, .variable(columns), name: "\(name)/product")
    // [batch, groups, channels of a group, places] are the channels in their order.
    var port = Port(shape: [kernel[0]] + extents)
    port.add(try self.port(product, as: port.shape))
    if hasInput(2) { port.add(try channelPort(input(2), over: port.shape)) }
    return try affine(port, leading(variable.layout, port.shape))
  }

  /// The elements of every window as the columns of a matrix for each group, and the numbers of windows.
  private func windows(
    of variable: Variable, _ shape: [Int], _ window: WindowAttributes, groups: Int
  ) throws(ImportFailure) -> (columns: Variable, extents: [Int]) {
    let rank = shape.count - 1
    var extents: [Int] = []
    for axis in 0..<rank {
      let room = shape[axis + 1] + window.pads[axis] + window.pads[rank + axis] - window.spans[axis]
      guard room >= 0 else {
        throw .refused("expected windows of \(window.kernel) that fit, found shape \(variable.layout.shape)")
      }
      extents.append(room / window.strides[axis] + 1)
    }
    let rows = shape[0] * window.kernel.reduce(1, *)
    let count = extents.reduce(1, *)
    try ImportLimits.charge(checkedCount(of: [rows, count]))
    let total = shape.reduce(1, *)
    let steps = strides(of: shape)
    let (kernelSteps, placeSteps) = (strides(of: window.kernel), strides(of: extents))
    let size = window.kernel.reduce(1, *)
    var places: [Int] = []
    places.reserveCapacity(rows * count)
    for row in 0..<rows {
      for column in 0..<count {
        var place = row / size * steps[0]
        for axis in 0..<rank {
          let start = column / placeSteps[axis] % extents[axis] * window.strides[axis] - window.pads[axis]
          let position = start + row / kernelSteps[axis] % window.kernel[axis] * window.dilations[axis]
          // Behind all elements stands the zero of the padding.
          place =
            place == total || position < 0 || position >= shape[axis + 1]
            ? total : place + position * steps[axis + 1]
        }
        places.append(place)
      }
    }
    let zero = try linearMap(
      "place", from: [total],
      ["dim": .integers([0]), "start": .integers([0]), "total": .integers([total + 1])])
    let padded = try affine(
      Port(shape: [total + 1], terms: [Term(source: variable.source, map: zero)]), TensorLayout([total + 1]),
      named: "\(name)/padded")
    let map = try linearMap(
      "index_select", from: [total + 1], ["dim": .integers([0]), "index": .integers(places)])
    let layout = try leading(variable.layout, [groups, rows / groups, count])
    return (try mapped(padded, by: map, suffix: "windows", to: layout), extents)
  }
}
