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
    "Col2Im": .variable(["dilations", "pads", "strides"]) { node throws(ImportFailure) in
      try node.columnsToImage()
    },
  ]
}

/// Elements of one sample that take the places of others, or are combined with them.
private struct Replacement {
  /// For each element of the updates its place in the data.
  let places: [Int]
  /// How updates are combined with the data: `add`, `mul`, `max`, `min`, or `none`.
  let reduction: String

  var adds: Bool { reduction == "add" }
}

extension NodeImport {
  // MARK: Taking

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
  private func elementPlaces(
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

  private func placesInSample(
    _ layout: TensorLayout, _ index: Integers, along axis: Int
  ) throws(ImportFailure) -> (places: [Int], shape: [Int]) {
    var (index, axes) = (index, Array(layout.shape.indices))
    if let batch = layout.batch {
      guard batch.axis != axis, !layout.isMerged else { throw .mixesBatch("indexes the batch axis") }
      guard index.shape[batch.axis] == batch.extent else {
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
  private func taken(
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
  private func runLength(_ layout: TensorLayout, after depth: Int) throws(ImportFailure) -> Int {
    guard layout.batchAxis ?? depth >= depth else { throw .mixesBatch("indexes the batch axis") }
    return layout.sampleShape.dropFirst(depth).reduce(1, *)
  }

  /// For each slice that the index names, its number among all slices of the data; how many axes the index names, and
  /// the axes of the index before its last.
  private func slicePlaces(
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

  // MARK: Putting

  /// The data with elements put where an index of as many axes names places along one axis.
  fileprivate func scatterElements() throws(ImportFailure) -> Value {
    let data = try input(0)
    let (places, layout) = try elementPlaces(of: data, index: 1)
    return try put(input(2), layout, Replacement(places: places, reduction: reduction()), into: data)
  }

  /// The data with slices put where the last axis of the index names them.
  fileprivate func scatterSlices() throws(ImportFailure) -> Value {
    let data = try input(0)
    let (starts, depth, lead) = try slicePlaces(of: data)
    let layout = try data.layout()
    let run = try runLength(layout, after: depth)
    try ImportLimits.charge(checkedCount(of: [starts.count, run]))
    let places = starts.flatMap { start in (0..<run).map { start * run + $0 } }
    var batch = layout.batch
    batch?.axis += lead.count - depth
    let target = try TensorLayout(lead + layout.shape.dropFirst(depth), batch: batch)
    return try put(input(2), target, Replacement(places: places, reduction: reduction()), into: data)
  }

  /// How updates are combined with the data.
  private func reduction() throws(ImportFailure) -> String {
    try word("reduction", of: ["none", "add", "mul", "max", "min"]) ?? "none"
  }

  /// The data of a sample with updates, which have this layout.
  private func put(
    _ updates: Value, _ layout: TensorLayout, _ replacement: Replacement, into data: Value
  ) throws(ImportFailure) -> Value {
    guard updates.shape == layout.shape else {
      throw .refused("expected updates of shape \(layout.shape), found \(updates.shape)")
    }
    let functions = ["mul": "product", "max": "maximum", "min": "minimum"]
    if let function = functions[replacement.reduction] {
      return .variable(try combined(updates, layout, replacement, with: floating(data), by: function))
    }
    if case .integers(let integers) = data, case .integers(let new) = updates {
      var elements = integers.symbols
      for (place, element) in zip(replacement.places, new.symbols) {
        guard let sum = replacement.adds ? elements[place] + element : element else {
          throw .refused("expected integers without overflow, found others")
        }
        elements[place] = sum
      }
      return .integers(Integers(elements, shape: integers.shape, type: integers.type))
    }
    let target = try data.layout()
    let (own, new) = (target.sampleShape.reduce(1, *), replacement.places.count)
    var port = Port(shape: [own + new])
    port.add(try part(data, target, at: 0, of: own + new))
    port.add(try part(updates, layout, at: own, of: own + new))
    let all = try affine(port, TensorLayout([own + new]), named: "\(name)/all")
    if replacement.adds { return .variable(try added(to: all, own, replacement.places, target)) }
    var index = Array(0..<own)
    for (update, place) in replacement.places.enumerated() { index[place] = own + update }
    let map = try linearMap(
      "index_select", from: [own + new], ["dim": .integers([0]), "index": .integers(index)])
    return .variable(try mapped(all, by: map, to: target))
  }

  /// The data with updates combined one by one with the elements that have their places: first those that come first.
  private func combined(
    _ updates: Value, _ layout: TensorLayout, _ replacement: Replacement, with data: Value,
    by function: String
  ) throws(ImportFailure) -> Variable {
    var rounds: [[Int]] = []
    var uses: [Int: Int] = [:]
    for (update, place) in replacement.places.enumerated() {
      let use = uses[place, default: 0]
      uses[place] = use + 1
      if use == rounds.count { rounds.append([]) }
      rounds[use].append(update)
    }
    let target = try data.layout()
    var result = try affine(port(data, over: target), target, named: "\(name)/data")
    let new = try affine(port(floating(updates), over: layout), layout, named: "\(name)/updates")
    for (round, members) in rounds.enumerated() {
      let step = part("round\(round)")
      let flat = try TensorLayout([members.count])
      let places = members.map { replacement.places[$0] }
      let old = try step.part("old").variable(step.part("old").taken(.variable(result), places, flat))
      let own = try step.part("new").variable(step.part("new").taken(.variable(new), members, flat))
      let both = try step.pair(function, old, own)
      result = try step.part("put").variable(
        step.part("put").put(
          .variable(both), flat, Replacement(places: places, reduction: "none"), into: .variable(result)))
    }
    return try affine(port(result), target)
  }

  /// A value's elements at their places among those of data and updates.
  private func part(
    _ value: Value, _ layout: TensorLayout, at start: Int, of total: Int
  ) throws(ImportFailure) -> Port {
    let whole = try affine(port(value, over: layout), layout, named: "\(name)/part\(start)")
    let map = try linearMap(
      "place", from: [layout.sampleShape.reduce(1, *)],
      ["dim": .integers([0]), "start": .integers([start]), "total": .integers([total])])
    return Port(shape: [total], terms: [Term(source: whole.source, map: map)])
  }

  /// The data plus the updates, which follow it: one sum for each time that a place occurs.
  private func added(
    to all: Variable, _ own: Int, _ places: [Int], _ target: TensorLayout
  ) throws(ImportFailure) -> Variable {
    let total = own + places.count
    let padded = try mapped(
      all,
      by: linearMap(
        "place", from: [total],
        ["dim": .integers([0]), "start": .integers([0]), "total": .integers([total + 1])]),
      suffix: "zero", to: TensorLayout([total + 1]))
    // Behind everything stands a zero, for places without an update.
    var rounds = [Array(0..<own)]
    var uses = [Int](repeating: 0, count: own)
    for (update, place) in places.enumerated() {
      uses[place] += 1
      if uses[place] == rounds.count {
        try ImportLimits.charge(own)
        rounds.append([Int](repeating: total, count: own))
      }
      rounds[uses[place]][place] = own + update
    }
    var port = Port(shape: [own])
    for index in rounds {
      let map = try linearMap(
        "index_select", from: [total + 1], ["dim": .integers([0]), "index": .integers(index)])
      port.add(Port(shape: [own], terms: [Term(source: padded.source, map: map)]))
    }
    return try affine(port, target)
  }

  /// The sum of blocks at their places in an image: a transposed convolution whose kernels have a single one each.
  fileprivate func columnsToImage() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let layout = variable.layout
    guard let image = try constantIntegers(1, "image_shape"),
      let kernel = try constantIntegers(2, "block_shape"),
      layout.shape.count == 3, image.count == kernel.count, !kernel.isEmpty,
      (kernel + image).allSatisfy({ (1...1 << 20).contains($0) })
    else { throw .refused("expected columns of 3 axes, and an image as well as a block of as many extents") }
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
