import Blocks
import FileAccess
import LinearAlgebra
import Operators

/// Elements of one sample that take the places of others, or are combined with them.
private struct Replacement {
  /// For each element of the updates its place in the data.
  let places: [Int]
  /// How updates are combined with the data: `add`, `mul`, `max`, `min`, or `none`.
  let reduction: String

  var adds: Bool { reduction == "add" }
}

extension NodeImport {
  /// The data with elements put where an index of as many axes names places along one axis.
  func scatterElements() throws(ImportFailure) -> Value {
    let data = try input(0)
    let (places, layout) = try elementPlaces(of: data, index: 1)
    return try put(input(2), layout, Replacement(places: places, reduction: reduction()), into: data)
  }

  /// The data with slices put where the last axis of the index names them.
  func scatterSlices() throws(ImportFailure) -> Value {
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
}
