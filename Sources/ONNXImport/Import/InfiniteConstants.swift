import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension Block<Double> {
  /// The block with finite constants that has the same value: an infinite one of a mask becomes the largest finite
  /// number, which excludes an element just as well. Neither a state nor a file can hold an infinite number.
  ///
  /// - Throws: `ImportFailure` of kind `refused` where the value would differ: where it is infinite itself, or not a
  ///   number, as that of a softmax whose elements are all excluded.
  func withFiniteConstants() throws(ImportFailure) -> Block {
    // Numbers that are not inspected stay in their file; a mask is never that large.
    let infinite = offsets.indices.filter { index in
      offsets[index].parameter == nil && offsets[index].tensor.count <= 1 << 24
        && !offsets[index].tensor.elements.allSatisfy(\.isFinite)
    }
    guard !infinite.isEmpty else { return self }
    var block = self
    for index in infinite {
      let offset = offsets[index]
      try requireMask(offset.vector, port: offset.port)
      let largest = Double.greatestFiniteMagnitude
      let elements = offset.tensor.elements.map { min(max($0, -largest), largest) }
      let tensor = Tensor(shape: offset.tensor.shape, elements: elements)
      block.offsets[index] =
        if let map = offset.map {
          Offset(port: offset.port, tensor: tensor, map: map)
        } else {
          Offset(port: offset.port, tensor: tensor)
        }
    }
    return block
  }

  /// Refuses infinite summands of a port that the largest finite numbers could not replace.
  private func requireMask(_ summand: [Double], port: Int) throws(ImportFailure) {
    if summand.contains(where: \.isNaN) {
      throw .refused(place: quoted(name), "expected finite constants, found one that is not a number")
    }
    if isBounded(summand) { return }
    guard let lines = (nonlinearity as? any Linewise)?.lines(portShapes[port]), isMasked,
      !summand.contains(.infinity)
    else {
      throw .refused(
        place: quoted(name), "expected finite constants, found \(summand.first { $0.isInfinite }!)")
    }
    for (row, start) in lines.starts.enumerated()
    where lines.offsets.allSatisfy({ summand[start + $0] == -.infinity }) {
      throw .refused(
        place: quoted(name),
        "expected a mask that leaves every row an element, found one that excludes all of row \(row), "
          + "whose \(nonlinearity.description) is \(nonlinearity is LargestElement ? "infinite" : "not a number")"
      )
    }
  }

  /// Whether a line's excluded elements change nothing while others remain.
  private var isMasked: Bool { nonlinearity is Softmax || nonlinearity is LargestElement }

  /// Whether an elementwise function of one port has the same finite value at an infinite number as at the largest
  /// finite one, as a rectifier has.
  private func isBounded(_ summand: [Double]) -> Bool {
    guard nonlinearity is any Activation, portShapes.count == 1 else { return false }
    let infinite = Matrix(rows: 1, columns: 2, elements: [-Double.infinity, .infinity])
    let largest = Double.greatestFiniteMagnitude
    let finite = Matrix(rows: 1, columns: 2, elements: [-largest, largest])
    let values = nonlinearity.value(at: [infinite], shapes: [[2]]).elements
    let others = nonlinearity.value(at: [finite], shapes: [[2]]).elements
    return zip([-Double.infinity, .infinity], zip(values, others)).allSatisfy { number, pair in
      !summand.contains(number) || pair.0 == pair.1 && pair.0.isFinite
    }
  }
}
