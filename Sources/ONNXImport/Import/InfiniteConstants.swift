import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension Block<Double> {
  /// The block with finite constants that has the same value: an infinite one of a mask becomes the largest finite
  /// number, which excludes an element just as well. Neither a state nor a file can hold an infinite number.
  ///
  /// - Parameter largest: The largest finite number of the file's own precision, in which the model may be written again.
  /// - Throws: `ImportFailure` of kind `refused` where the value would differ: where it is infinite itself, or not a
  ///   number, as that of a softmax whose elements are all excluded.
  func withFiniteConstants(upTo largest: Double) throws(ImportFailure) -> Block {
    // Numbers that are not inspected stay in their file; a mask is never that large.
    let infinite = offsets.indices.filter { index in
      offsets[index].parameter == nil && offsets[index].tensor.count <= 1 << 24
        && !offsets[index].tensor.elements.allSatisfy(\.isFinite)
    }
    guard !infinite.isEmpty else { return self }
    var block = self
    for index in infinite {
      let offset = offsets[index]
      let least = reaches(largest, port: offset.port) ? .greatestFiniteMagnitude : largest
      let bound = try replacement(of: offset.vector, port: offset.port, from: least)
      let elements = offset.tensor.elements.map { min(max($0, -bound), bound) }
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

  /// Whether finite summands of a port are as large as a number, so that it would exclude nothing beside them.
  private func reaches(_ largest: Double, port: Int) -> Bool {
    offsets.contains { offset in
      offset.port == port && offset.tensor.count <= 1 << 24
        && offset.tensor.elements.contains { $0.isFinite && $0.magnitude >= largest / 2 }
    }
  }

  /// The number, this one or a larger one, that may stand for the infinite summands of a port.
  ///
  /// - Throws: `ImportFailure` of kind `refused` if there is none.
  private func replacement(
    of summand: [Double], port: Int, from largest: Double
  ) throws(ImportFailure) -> Double {
    if summand.contains(where: \.isNaN) {
      throw .refused(place: quoted(name), "expected finite constants, found one that is not a number")
    }
    // A function such as x⁻² reaches its limit beyond the numbers of single precision.
    for number in [largest, .greatestFiniteMagnitude] where isBounded(summand, by: number) { return number }
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
    return largest
  }

  /// Whether a line's excluded elements change nothing while others remain.
  private var isMasked: Bool { nonlinearity is Softmax || nonlinearity is LargestElement }

  /// Whether an elementwise function of one port has the same finite value at an infinite number as at a large finite
  /// one, as a rectifier has.
  private func isBounded(_ summand: [Double], by largest: Double) -> Bool {
    guard nonlinearity is any Activation, portShapes.count == 1 else { return false }
    let infinite = Matrix(rows: 1, columns: 2, elements: [-Double.infinity, .infinity])
    let finite = Matrix(rows: 1, columns: 2, elements: [-largest, largest])
    let values = nonlinearity.value(at: [infinite], shapes: [[2]]).elements
    let others = nonlinearity.value(at: [finite], shapes: [[2]]).elements
    return zip([-Double.infinity, .infinity], zip(values, others)).allSatisfy { number, pair in
      !summand.contains(number) || pair.0 == pair.1 && pair.0.isFinite
    }
  }
}

extension ONNXModel {
  /// The largest finite number of the precision that the file computes in.
  ///
  /// That is double precision where the file has inputs, outputs or initializers of it or casts to it. Otherwise it is
  /// single precision, of 16-bit types too: runtimes compute their scores in single precision, whose numbers may lie below
  /// the least one of 16 bits, and models are written in no narrower precision. A constant of a node alone says
  /// nothing, since exporters write factors in double precision and cast them.
  var largestNumber: Double {
    let isDouble =
      (inputs + outputs).contains { $0.type == .float64 } || initializers.contains { $0.type == .float64 }
      || nodes.contains(where: \.computesDouble)
      || functions.values.contains { $0.nodes.contains(where: \.computesDouble) }
    return isDouble ? .greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
  }
}

extension ONNXModel.Node {
  /// Whether the node casts to double precision, or one of its graphs does or has values of it.
  fileprivate var computesDouble: Bool {
    switch attributes["to"] {
    case .integer(ElementType.float64.rawValue)?, .word("DOUBLE")?: return true
    default:
      return subgraphs.contains { graph in
        (graph.inputs + graph.outputs).contains { $0.type == .float64 }
          || graph.initializers.contains { $0.tensor.type == .float64 }
          || graph.nodes.contains(where: \.computesDouble)
      }
    }
  }
}
