import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Functions whose values are places, or that take computed places. They have no gradient with respect to these.
  static let indicators: [String: OperatorHandler] = [
    "OneHot": .variable(["axis"]) { node throws(ImportFailure) in try node.oneHot() },
    "ArgMax": .variable(["axis", "keepdims", "select_last_index"]) { node throws(ImportFailure) in
      try node.extremePlace(of: node.variable(0), isLargest: true)
    },
    "ArgMin": .variable(["axis", "keepdims", "select_last_index"]) { node throws(ImportFailure) in
      try node.extremePlace(of: node.variable(0), isLargest: false)
    },
    "Hardmax": .variable(["axis"]) { node throws(ImportFailure) in try node.hardmax() },
    "TopK": OperatorHandler(["axis", "k", "largest", "sorted"]) { node throws(ImportFailure) in
      try node.largestElements()
    },
  ]
}

extension NodeImport {
  /// 1 at the place along a new last axis that each number names, else 0; a negative one counts from the end.
  func indicator(of index: Variable, count: Int, suffix: String? = "indicator") throws(ImportFailure)
    -> Variable
  {
    let shape = atLeastVector(index.layout.sampleShape)
    let zeros = Port(shape: shape, offsets: [try repeated(0, count: shape.reduce(1, *))])
    let isNegative = try block(
      "\(name)/negative", nonlinearity("greater"), [zeros, port(index)], index.layout)
    let place = try affine(
      port(index).adding(port(.variable(isNegative), over: index.layout, factor: Double(count))),
      index.layout,
      named: "\(name)/place")
    return try indicator(ofPlace: place, count: count, suffix: suffix)
  }

  /// The same of numbers that are not negative.
  private func indicator(
    ofPlace place: Variable, count: Int, suffix: String?
  ) throws(ImportFailure) -> Variable {
    let target = try place.layout.replacing(place.layout.shape + [count])
    let lifted = try inserted([place.layout.shape.count], in: place)
    try ImportLimits.charge(target.sampleShape.reduce(1, *))
    return try block(
      suffix.map { "\(name)/\($0)" }, nonlinearity("equal"),
      [port(.variable(lifted), over: target), port(.numbers(counting(count)), over: target)], target)
  }

  /// 0, 1, …
  private func counting(_ count: Int) throws(ImportFailure) -> Numbers {
    try ImportLimits.charge(count)
    return Numbers((0..<count).map { Double($0) }, shape: [count])
  }

  /// A value with its last axis at another place.
  private func movingLast(_ variable: Variable, to axis: Int, suffix: String?) throws(ImportFailure)
    -> Variable
  {
    let last = variable.layout.shape.count - 1
    var order = Array(0..<last)
    order.insert(last, at: axis)
    return try self.variable(transposed(.variable(variable), order, suffix: suffix))
  }

  /// A value with one axis at the end.
  private func movingToLast(_ variable: Variable, _ axis: Int) throws(ImportFailure) -> Variable {
    var order = Array(variable.layout.shape.indices)
    order.append(order.remove(at: axis))
    return try self.variable(transposed(.variable(variable), order, suffix: "lines"))
  }

  fileprivate func oneHot() throws(ImportFailure) -> Variable {
    let given = try constantWholes(1, "depth")
    guard let depth = given, depth.count == 1, (1...TensorSize.maximum).contains(depth[0]) else {
      throw .refused(
        "depth: expected an integer from 1 to \(TensorSize.maximum), found \(given.map { "\($0)" } ?? "none")"
      )
    }
    guard let values = try constantNumbers(2, "values"), values.count == 2 else {
      throw .refused("values: expected one for other places and one for the place")
    }
    let index = try variable(0)
    let axis = try normalizedAxis(integer("axis") ?? -1, rank: index.layout.shape.count + 1)
    let whole = try integerType(0) == nil ? truncated(index, suffix: "index") : index
    let indicator = try indicator(of: whole, count: depth[0])
    var port = try port(.variable(indicator), over: indicator.layout, factor: values[1] - values[0])
    port.offsets.append(try repeated(values[0], count: port.shape.reduce(1, *)))
    let isLast = axis == index.layout.shape.count
    let result = try affine(port, indicator.layout, named: isLast ? nil : "\(name)/values")
    return isLast ? result : try movingLast(result, to: axis, suffix: nil)
  }

  /// Constant whole numbers of any type.
  private func constantWholes(_ index: Int, _ what: String) throws(ImportFailure) -> [Int]? {
    guard case .numbers(let numbers) = try input(index) else { return try constantIntegers(index, what) }
    return numbers.elements.compactMap { Int(exactly: $0) }
  }

  /// The parts of a value that a computed index names along an axis: the product of a matrix of ones and zeros with it.
  func gathered(_ value: Value, axis: Int, by index: Variable) throws(ImportFailure) -> Value {
    let layout = try value.layout()
    guard layout.batchAxis != axis else { throw .mixesBatch("takes computed parts of the batch") }
    guard layout.batch == nil || index.layout.batch == nil else {
      throw .mixesBatch("takes computed parts of each sample")
    }
    let indicator = try indicator(of: index, count: layout.shape[axis])
    var order = Array(layout.shape.indices)
    order.insert(order.remove(at: axis), at: 0)
    let first = try transposed(value, order, suffix: "table")
    let rest = Array(first.extents.dropFirst())
    guard let width = rest.product else { throw .mixesBatch("splits the batch axis") }
    let table = rest.count == 1 ? first : try reshaped(first, to: [first.extents[0], width])
    var rows = indicator
    if index.layout.shape.isEmpty { rows = try inserted([0], in: indicator) }
    let product = try matrixProduct(.variable(rows), table, name: "\(name)/product")
    let places = index.layout.extents
    let unfolded = try variable(reshaped(.variable(product), to: places + rest))
    guard axis > 0 else { return .variable(try affine(port(unfolded), unfolded.layout)) }
    // The axes before the one that the index replaces come before the index's.
    let count = places.count
    let permutation =
      Array(count..<count + axis) + Array(0..<count) + Array(count + axis..<count + rest.count)
    return try transposed(.variable(unfolded), permutation)
  }

  // MARK: The place of an extreme element

  /// The first or last place of the largest or smallest element along an axis.
  fileprivate func extremePlace(of variable: Variable, isLargest: Bool) throws(ImportFailure) -> Variable {
    let axis = try variable.layout.axis(integer("axis") ?? 0)
    let takesLast = try integer("select_last_index") ?? 0 != 0
    let place = try extremePlace(of: variable, axis, isLargest: isLargest, takesLast: takesLast)
    return try integer("keepdims") ?? 1 != 0 ? place : removed([axis], from: place)
  }

  /// The same with the axis, of extent 1.
  func extremePlace(
    of variable: Variable, _ axis: Int, isLargest: Bool, takesLast: Bool
  ) throws(ImportFailure) -> Variable {
    let layout = variable.layout
    let extent = layout.shape[axis]
    let single = try reduction(of: variable, axes: [axis], keepsAxes: true)
    let constants: [String: Constant] = ["dim": .integers(single.dims), "keepdim": .flag(true)]
    let extreme = try block(
      "\(name)/extreme", nonlinearity(isLargest ? "amax" : "amin", constants), [port(variable)], single.layout
    )
    let isExtreme = try block(
      "\(name)/is extreme", nonlinearity("equal"), [port(variable), port(.variable(extreme), over: layout)],
      layout)
    // Its place where an element is extreme; beyond all places, on the far side, where it is not.
    let far = Double(takesLast ? -extent : extent)
    var shape = [Int](repeating: 1, count: layout.shape.count)
    shape[axis] = extent
    let places = try counting(extent).elements.map { $0 + far }
    let port = try port(.variable(isExtreme), over: layout, factor: -far).adding(
      self.port(.numbers(Numbers(places, shape: shape)), over: layout))
    let candidates = try affine(port, layout, named: "\(name)/candidates")
    return try block(
      nil, nonlinearity(takesLast ? "amax" : "amin", constants), [self.port(candidates)], single.layout)
  }

  /// 1 at the first of the largest elements along an axis, else 0; before opset 13 over all axes from it on.
  fileprivate func hardmax() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let layout = variable.layout
    let axis = try layout.axis(integer("axis") ?? (opset >= 13 ? -1 : 1))
    guard opset >= 13 || axis == layout.shape.count - 1 else {
      let rest = Array(layout.extents.dropFirst(axis))
      guard let width = rest.product else { throw .mixesBatch("compares along the batch axis") }
      let lines = try self.variable(
        reshaped(.variable(variable), to: Array(layout.extents.prefix(axis)) + [width]))
      let place = try extremePlace(of: lines, axis, isLargest: true, takesLast: false)
      let indicator = try indicator(
        ofPlace: removed([axis], from: place), count: lines.layout.shape[axis], suffix: nil)
      return try self.variable(reshaped(.variable(indicator), to: layout.extents))
    }
    let place = try extremePlace(of: variable, axis, isLargest: true, takesLast: false)
    let isLast = axis == layout.shape.count - 1
    let indicator = try indicator(
      ofPlace: removed([axis], from: place), count: layout.shape[axis], suffix: isLast ? nil : "indicator")
    return isLast ? indicator : try movingLast(indicator, to: axis, suffix: nil)
  }

  // MARK: The largest elements

  /// The k largest elements along an axis in descending order, and their places; of equal ones the first comes first.
  ///
  /// The rank of an element is the number of those before it in this order; the elements are the product of the matrix
  /// whose row r has a one at the element of rank r.
  fileprivate func largestElements() throws(ImportFailure) -> [Value] {
    let variable = try variable(0)
    let axis = try variable.layout.axis(integer("axis") ?? -1)
    let extent = variable.layout.shape[axis]
    var given = try integer("k")
    if given == nil { given = try constantIntegers(1, "k")?.first }
    guard let count = given, (1...extent).contains(count) else {
      throw .refused("k: expected a constant number of elements from 1 to \(extent)")
    }
    let lines = try movingToLast(variable, axis)
    let rank = try self.rank(of: lines, isDescending: try integer("largest") ?? 1 != 0)
    let layout = lines.layout
    let target = try layout.replacing(layout.shape.dropLast() + [count, extent])
    let ranks = try inserted([layout.shape.count - 1], in: rank)
    let rows = Numbers(try counting(count).elements, shape: [count, 1])
    let indicator = try block(
      "\(name)/order", nonlinearity("equal"),
      [port(.variable(ranks), over: target), port(.numbers(rows), over: target)], target)
    let last = layout.shape.count
    let column = try inserted([last], in: lines)
    let values = try removed(
      [last], from: matrixProduct(.variable(indicator), .variable(column), name: "\(name)/sorted"))
    let places = try linear(
      indicator,
      MatrixWeight(numbers: Numbers(try counting(extent).elements, shape: [1, extent]), isTransposed: false),
      along: -1, "\(name)/places")
    return [
      .variable(try movingLast(values, to: axis, suffix: nil)),
      .variable(try movingLast(removed([last], from: places), to: axis, suffix: "indices")),
    ]
  }

  /// For each element of the lines along the last axis the number of those that come before it.
  private func rank(of lines: Variable, isDescending: Bool) throws(ImportFailure) -> Variable {
    let layout = lines.layout
    let extent = layout.shape[layout.shape.count - 1]
    let pairs = try layout.replacing(layout.shape + [extent])
    try ImportLimits.charge(pairs.sampleShape.reduce(1, *))
    let own = try port(.variable(inserted([layout.shape.count], in: lines)), over: pairs)
    let other = try port(.variable(inserted([layout.shape.count - 1], in: lines)), over: pairs)
    let isBefore = try block(
      "\(name)/before", nonlinearity("greater"), isDescending ? [other, own] : [own, other], pairs)
    let isEqual = try block("\(name)/equal", nonlinearity("equal"), [own, other], pairs)
    // Of equal elements, those with a smaller index come before.
    let mask = (0..<extent * extent).map { $0 % extent < $0 / extent ? 1.0 : 0 }
    let map = try linearMap(
      "scale", from: pairs.sampleShape, weight: Tensor(shape: [extent, extent], elements: mask))
    var port = try port(isBefore)
    port.terms.append(Term(source: isEqual.source, map: map))
    let precedes = try affine(port, pairs, named: "\(name)/precedes")
    return try linear(
      "sum", reduction(of: precedes, axes: [layout.shape.count], keepsAxes: false), suffix: "rank")
  }
}
