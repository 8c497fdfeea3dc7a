import LinearAlgebra
import Operators

/// How the regions of images are divided into bins, and those sampled.
private struct RegionSampling {
  let height, width: Int
  let outputHeight, outputWidth: Int
  let ratio: Int
  let scale: Double
  let isHalfPixel: Bool

  /// More points of a bin than any region of a model has.
  private static let mostPoints = 1 << 12

  /// For each bin of a region the weights of the points in it.
  func bins(of region: [Double]) throws(ImportFailure) -> [[WeightedPlaces]] {
    let shift = isHalfPixel ? 0.5 : 0
    let start = (x: region[0] * scale - shift, y: region[1] * scale - shift)
    var size = (x: region[2] * scale - shift - start.x, y: region[3] * scale - shift - start.y)
    if !isHalfPixel { size = (max(size.x, 1), max(size.y, 1)) }
    let bin = (x: size.x / Double(outputWidth), y: size.y / Double(outputHeight))
    func points(_ extent: Double) throws(ImportFailure) -> Int {
      let count = ratio > 0 ? Double(ratio) : extent.rounded(.up)
      guard count >= 1, count <= Double(Self.mostPoints) else {
        throw .refused("expected regions with 1 to \(Self.mostPoints) points of a bin, found another")
      }
      return Int(count)
    }
    let counts = (x: try points(bin.x), y: try points(bin.y))
    try ImportLimits.charge(checkedCount(of: [outputHeight * outputWidth, counts.x * counts.y, 4]))
    return (0..<outputHeight * outputWidth).map { number in
      let (row, column) = (number / outputWidth, number % outputWidth)
      return (0..<counts.x * counts.y).map { point in
        let y = start.y + (Double(row) + (Double(point / counts.x) + 0.5) / Double(counts.y)) * bin.y
        let x = start.x + (Double(column) + (Double(point % counts.x) + 0.5) / Double(counts.x)) * bin.x
        return places(y, x)
      }
    }
  }

  /// Bilinear interpolation between the elements around a point; nothing outside of the image.
  private func places(_ y: Double, _ x: Double) -> WeightedPlaces {
    guard y >= -1, y <= Double(height), x >= -1, x <= Double(width) else { return [] }
    func around(_ place: Double, _ extent: Int) -> WeightedPlaces {
      let place = min(max(place, 0), Double(extent) - 1)
      let first = Int(place)
      return [(first, 1 - (place - Double(first))), (min(first + 1, extent - 1), place - Double(first))]
    }
    return around(y, height).flatMap { row in
      around(x, width).map { (row.place * width + $0.place, row.weight * $0.weight) }
    }
  }
}

extension NodeImport {
  /// The averages, or the largest elements, of bins of constant regions of images.
  func alignedRegions() throws(ImportFailure) -> Variable {
    let image = try variable(0)
    let shape = image.layout.shape
    guard image.layout.batch == nil else { throw .mixesBatch("uses the batch axis as another axis") }
    guard case .numbers(let regions) = try input(1), let images = try constantIntegers(2, "batch_indices")
    else { throw .refused("expected constant regions and indices, found computed ones") }
    guard shape.count == 4, regions.shape.count == 2, regions.shape[1] == 4, regions.shape[0] == images.count,
      !images.isEmpty, images.allSatisfy({ (0..<shape[0]).contains($0) })
    else {
      throw .refused(
        "expected regions [count, 4] of images of shape \(shape), and an image for each, found \(regions.shape)"
      )
    }
    let sampling = try regionSampling(shape)
    let elements = regions.elements
    guard elements.allSatisfy(\.isFinite) else { throw .refused("expected finite regions, found others") }
    let isMaximum = try word("mode", of: ["avg", "max"]) == "max"
    var bins: [[WeightedPlaces]] = []
    for (number, image) in images.enumerated() {
      let start = image * shape[2] * shape[3]
      bins += try sampling.bins(of: Array(elements[4 * number..<4 * number + 4])).map { points in
        points.map { point in point.map { (start + $0.place, $0.weight) } }
      }
    }
    // [images, channels, height, width] to [channels, images · height · width].
    let channelsFirst = try transposed(.variable(image), [1, 0, 2, 3], suffix: "channels")
    let flat = try variable(reshaped(channelsFirst, to: [shape[1], shape[0] * shape[2] * shape[3]]))
    let values = isMaximum ? try maxima(of: flat, bins) : try averages(of: flat, bins)
    let target = [shape[1], images.count, sampling.outputHeight, sampling.outputWidth]
    let result = try variable(
      transposed(reshaped(.variable(values), to: target), [1, 0, 2, 3], suffix: "regions"))
    return try affine(port(result), result.layout)
  }

  private func regionSampling(_ shape: [Int]) throws(ImportFailure) -> RegionSampling {
    let (height, width) = (try integer("output_height") ?? 1, try integer("output_width") ?? 1)
    let ratio = try integer("sampling_ratio") ?? 0
    guard height >= 1, width >= 1, (0...64).contains(ratio) else {
      throw .refused("expected extents of at least 1 and a sampling ratio of up to 64, found others")
    }
    try checkedCount(of: [height, width], least: 1)
    let mode = try word("coordinate_transformation_mode", of: ["half_pixel", "output_half_pixel"])
    return RegionSampling(
      height: shape[2], width: shape[3], outputHeight: height, outputWidth: width, ratio: ratio,
      scale: try number("spatial_scale") ?? 1, isHalfPixel: opset >= 16 && mode != "output_half_pixel")
  }

  private func averages(of flat: Variable, _ bins: [[WeightedPlaces]]) throws(ImportFailure) -> Variable {
    let rows = bins.map { points in
      points.flatMap { point in point.map { ($0.place, $0.weight / Double(points.count)) } }
    }
    return try sums(of: flat, axis: 1, rows, suffix: "averages")
  }

  /// The largest of the weighted elements of all points of each bin, as ONNX Runtime and the reference have it.
  private func maxima(of flat: Variable, _ bins: [[WeightedPlaces]]) throws(ImportFailure) -> Variable {
    let most = bins.map { $0.reduce(0) { $0 + max(1, $1.count) } }.max() ?? 1
    try ImportLimits.charge(checkedCount(of: [bins.count, most]))
    let rows: [WeightedPlaces] = bins.flatMap { points in
      let all = points.flatMap { point -> [WeightedPlaces] in point.isEmpty ? [[]] : point.map { [$0] } }
      return (0..<most).map { all[min($0, all.count - 1)] }
    }
    let candidates = try sums(of: flat, axis: 1, rows, suffix: "candidates")
    let split = try reshaped(.variable(candidates), to: [flat.layout.shape[0], bins.count, most])
    return try variable(
      call(
        "ReduceMax", [split, .integers(Integers([2]))], ["keepdims": .integer(0)], named: "\(name)/maxima"))
  }
}
