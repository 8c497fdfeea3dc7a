import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Elements taken from places, or put there, that are constants: linear maps.
  static let elementMoves: [String: OperatorHandler] = [
    "GatherElements": .one(["axis"]) { node throws(ImportFailure) in try node.gatherElements() },
    "GatherND": .one(["batch_dims"]) { node throws(ImportFailure) in try node.gatherSlices() },
    "ScatterElements": .one(["axis", "reduction"]) { node throws(ImportFailure) in
      try node.scatterElements()
    },
    "Scatter": .one(["axis"]) { node throws(ImportFailure) in try node.scatterElements() },
    "ScatterND": .one(["reduction"]) { node throws(ImportFailure) in try node.scatterSlices() },
  ]
}

extension NodeImport {
  /// `data[…, index[i, j, …], …]`, with the index at the place of one axis.
  fileprivate func gatherElements() throws(ImportFailure) -> Value {
    let data = try input(0)
    if case .variable(let index) = try input(1) {
      return .variable(try gatheredElements(of: data, at: index))
    }
    let (places, layout) = try elementPlaces(of: data, index: 1)
    return try taken(data, places, layout)
  }

  /// The same for computed places: the sum over an axis of the elements times ones at the places.
  private func gatheredElements(of data: Value, at index: Variable) throws(ImportFailure) -> Variable {
    let rank = data.shape.count
    let axis = try normalizedAxis(integer("axis") ?? 0, rank: rank)
    let extent = data.shape[axis]
    guard index.layout.shape.count == rank else {
      throw .refused("expected indices of \(rank) axes, found shape \(index.layout.shape)")
    }
    var value = try floating(data)
    for other in 0..<rank where other != axis && value.shape[other] != index.layout.shape[other] {
      guard value.shape[other] > index.layout.shape[other] else {
        throw .refused("expected indices that fit shape \(data.shape), found shape \(index.layout.shape)")
      }
      let places = Array(0..<index.layout.shape[other])
      value = try selected(value, axis: other, places, suffix: "axis\(other)")
    }
    // The axis of the data moves behind those of the index, where the ones are.
    let indicator = try indicator(of: index, count: extent)
    let elements = try inserted([axis], in: variable(value))
    var order = Array(0...rank)
    order.append(order.remove(at: axis + 1))
    let moved = try transposed(.variable(elements), order, suffix: "elements")
    let layout = indicator.layout
    let chosen = try block(
      "\(name)/chosen", nonlinearity("product"), [port(indicator), port(moved, over: layout)], layout)
    return try linear("sum", reduction(of: chosen, axes: [rank], keepsAxes: false))
  }

  /// The places in a sample that an index of as many axes names along one axis, and the layout of what stands there.
  func elementPlaces(
    of data: Value, index position: Int
  ) throws(ImportFailure) -> (places: [Int], layout: TensorLayout) {
    let layout = try data.layout()
    let axis = try normalizedAxis(integer("axis") ?? 0, rank: layout.shape.count)
    guard case .integers(let index) = try input(position) else {
      throw .refused("expected constant integers as indices, found a computed value")
    }
    guard index.shape.count == layout.shape.count,
      index.shape.indices.allSatisfy({ $0 == axis || index.shape[$0] <= layout.shape[$0] })
    else { throw .refused("expected indices that fit shape \(layout.shape), found shape \(index.shape)") }
    let (places, shape) = try placesInSample(layout, index, along: axis)
    return (places, try TensorLayout(shape, batch: layout.batch))
  }

  func placesInSample(
    _ layout: TensorLayout, _ index: Integers, along axis: Int
  ) throws(ImportFailure) -> (places: [Int], shape: [Int]) {
    var (index, axes) = (index, Array(layout.shape.indices))
    if let batch = layout.batch {
      guard batch.axis != axis, !layout.isMerged else { throw .mixesBatch("indexes the batch axis") }
      guard index.shape[batch.axis] == batch.extent, !batch.isOpen || batch.extent == 1 else {
        throw .mixesBatch("has indices for a part of the batch")
      }
      // The same indices for every sample, or those of the only one.
      let first = try index.selected(axis: batch.axis, [0])
      let others = try index.elements()
      guard try first.expanded(to: index.shape).elements() == others else {
        throw .mixesBatch("has other indices for each sample")
      }
      index = first
      axes.remove(at: batch.axis)
    }
    let extents = axes.map { layout.shape[$0] }
    let steps = strides(of: extents)
    let own = axes.map { index.shape[$0] }
    let ownSteps = strides(of: own)
    let along = axes.firstIndex(of: axis)!
    let elements = try index.elements()
    try ImportLimits.charge(elements.count)
    var places: [Int] = []
    for (position, element) in elements.enumerated() {
      let place = try self.place(element, extent: extents[along])
      var offset = place * steps[along]
      for dimension in axes.indices where dimension != along {
        offset += position / ownSteps[dimension] % own[dimension] * steps[dimension]
      }
      places.append(offset)
    }
    var shape = layout.shape
    for (dimension, extent) in zip(axes, own) { shape[dimension] = extent }
    return (places, shape)
  }

  /// An index that may count from the end.
  private func place(_ index: Int, extent: Int) throws(ImportFailure) -> Int {
    guard (-extent..<extent).contains(index) else {
      throw .refused("expected places from \(-extent) to \(extent - 1), found \(index)")
    }
    return index < 0 ? index + extent : index
  }

  /// The elements of a sample at places, in a layout.
  func taken(
    _ data: Value, _ places: [Int], _ layout: TensorLayout
  ) throws(ImportFailure) -> Value {
    switch data {
    case .integers(let integers): return .integers(integers.elements(at: places, shape: layout.shape))
    case .numbers(let numbers) where numbers.parameter == nil:
      let elements = numbers.elements
      return .numbers(Numbers(places.map { elements[$0] }, shape: layout.shape))
    default:
      let variable = try variable(data)
      let count = variable.layout.sampleShape.reduce(1, *)
      let map = try linearMap(
        "index_select", from: [count], ["dim": .integers([0]), "index": .integers(places)])
      return .variable(try mapped(variable, by: map, to: layout))
    }
  }

  /// `data[…, index[i][0], index[i][1], …]`, with the last axis of the index along the first of the data's.
  fileprivate func gatherSlices() throws(ImportFailure) -> Value {
    let data = try input(0)
    let common = try integer("batch_dims") ?? 0
    let (starts, depth, lead) = try slicePlaces(of: data, common: common)
    let layout = try data.layout()
    let inner = layout.shape.dropFirst(common + depth)
    let shape = lead + inner
    let run = try runLength(layout, after: common + depth)
    try ImportLimits.charge(checkedCount(of: [starts.count, run]))
    let places = starts.flatMap { start in (0..<run).map { start * run + $0 } }
    var batch = layout.batch
    batch?.axis += lead.count - common - depth
    return try taken(data, places, TensorLayout(shape, batch: batch))
  }

  /// The number of elements of a sample in the axes from one on, which hold the batch if there is one.
  func runLength(_ layout: TensorLayout, after depth: Int) throws(ImportFailure) -> Int {
    guard layout.batchAxis ?? depth >= depth else { throw .mixesBatch("indexes the batch axis") }
    return layout.sampleShape.dropFirst(depth).reduce(1, *)
  }

  /// For each slice that the index names, its number among all slices of the data; how many axes the index names, and
  /// the axes of the index before its last.
  func slicePlaces(
    of data: Value, common: Int = 0
  ) throws(ImportFailure) -> (starts: [Int], depth: Int, lead: [Int]) {
    guard case .integers(let index) = try input(1) else {
      throw .refused("expected constant integers as indices, found a computed value")
    }
    let rank = data.shape.count
    guard let depth = index.shape.last, depth >= 1, common >= 0, common < index.shape.count,
      depth <= rank - common, data.shape.prefix(common).elementsEqual(index.shape.prefix(common))
    else { throw .refused("expected indices into shape \(data.shape), found shape \(index.shape)") }
    let elements = try index.elements()
    let extents = Array(data.shape.prefix(common + depth))
    let steps = strides(of: extents)
    let count = elements.count / depth
    let share = max(1, count / max(1, extents.prefix(common).reduce(1, *)))
    try ImportLimits.charge(elements.count)
    var starts: [Int] = []
    for tuple in 0..<count {
      // The tuples of each part of the common axes index that part.
      var start = tuple / share * extents.dropFirst(common).reduce(1, *)
      for part in 0..<depth {
        start +=
          try place(elements[tuple * depth + part], extent: extents[common + part]) * steps[common + part]
      }
      starts.append(start)
    }
    return (starts, depth, Array(index.shape.dropLast()))
  }
}
