import Blocks
import LinearAlgebra
import Operators

/// Compares two systems under a renaming, equation by equation, every number by its bits.
struct Comparator {
  let network: EquationSystem
  let model: EquationSystem
  let counterparts: [Int?]
  /// How many entries may be compared one by one.
  let entries: Int
  /// Whether the parameters that entries carry are compared besides their numbers.
  var comparesParameters = false

  /// The first difference in the order of the network's equations, or nil for a proof. Where more entries are to be
  /// compared than may be, that is one.
  var firstDifference: StructuralDifference? {
    var allowance = EntryAllowance(entries: entries)
    if network.inputShape.reduce(1, *) != model.inputShape.reduce(1, *) {
      return StructuralDifference(
        place: "input", first: "\(network.inputShape)", second: "\(model.inputShape)")
    }
    for index in network.equations.indices {
      if let difference = differenceOfEquation(index, &allowance) { return difference }
    }
    let met = Set(counterparts)
    if let extra = model.equations.indices.first(where: { !met.contains($0) }) {
      return StructuralDifference(
        place: "blocks[\(model.equations[extra].name)]", first: "no such block", second: "a block")
    }
    if counterparts[network.output] != model.output {
      return StructuralDifference(
        place: "output", first: "\"\(network.equations[network.output].name)\"",
        second: "\"\(model.equations[model.output].name)\"")
    }
    return nil
  }

  private func differenceOfEquation(
    _ index: Int, _ allowance: inout EntryAllowance
  ) -> StructuralDifference? {
    let equation = network.equations[index]
    guard let counterpart = counterparts[index] else {
      return StructuralDifference(
        place: "blocks[\(equation.name)]", first: "a block of \(equation.size)",
        second: "no such block")
    }
    let block = model.equations[counterpart]
    let place = "blocks[\(block.name)]"
    if equation.size != block.size {
      return StructuralDifference(
        place: "\(place).size", first: "\(equation.size)", second: "\(block.size)")
    }
    // What a nonlinearity makes of its ports depends on their shapes, and not on their sizes alone.
    if equation.portShapes != block.portShapes {
      return StructuralDifference(
        place: "\(place).ports", first: "\(equation.portShapes)", second: "\(block.portShapes)")
    }
    if !equation.nonlinearity.isIdentical(to: block.nonlinearity) {
      return StructuralDifference(
        place: "\(place).activation", first: equation.nonlinearity.description,
        second: block.nonlinearity.description)
    }
    return differenceOfTerms(index, counterpart, &allowance)
      ?? differenceOfOffsets(index, counterpart, &allowance)
  }

  /// Where a port of the model reads from.
  private struct Slot: Hashable {
    let port: Int
    let source: Source
  }

  private func differenceOfTerms(
    _ index: Int, _ counterpart: Int, _ allowance: inout EntryAllowance
  ) -> StructuralDifference? {
    if areSameTerms(network.equations[index].terms, model.equations[counterpart].terms) { return nil }
    var slots: [Slot] = []
    var ours: [Slot: [Term<Double>]] = [:]
    var theirs: [Slot: [Term<Double>]] = [:]
    for term in network.equations[index].terms {
      let source: Source
      switch term.source {
      case .input: source = .input
      case .node(let read):
        guard let renamed = counterparts[read] else {
          return StructuralDifference(
            place: "blocks[\(network.equations[read].name)]",
            first: "a block of \(network.equations[read].size)",
            second: "no such block")
        }
        source = .node(renamed)
      }
      let slot = Slot(port: term.port, source: source)
      if ours[slot] == nil { slots.append(slot) }
      ours[slot, default: []].append(term)
    }
    for term in model.equations[counterpart].terms {
      let slot = Slot(port: term.port, source: term.source)
      if ours[slot] == nil, theirs[slot] == nil { slots.append(slot) }
      theirs[slot, default: []].append(term)
    }
    for slot in slots {
      let place = model.place(to: counterpart, port: slot.port, from: slot.source)
      let (left, right) = (ours[slot] ?? [], theirs[slot] ?? [])
      if let difference = differenceOfEntries(left.map(\.map), right.map(\.map), place: place, &allowance)
        ?? differenceOfParameters(
          left.map(Labelled.init), right.map(Labelled.init), place: place, &allowance)
      {
        return difference
      }
    }
    return nil
  }

  /// Whether both list the same entries in the same order, so that there is nothing to add up.
  private func areSameTerms(_ ours: [Term<Double>], _ theirs: [Term<Double>]) -> Bool {
    ours.count == theirs.count
      && zip(ours, theirs).allSatisfy { ours, theirs in
        let isSameSource =
          switch (ours.source, theirs.source) {
          case (.input, .input): true
          case (.node(let read), .node(let renamed)): counterparts[read] == renamed
          default: false
          }
        return isSameSource && ours.port == theirs.port
          && (ours.parameter == theirs.parameter || !comparesParameters)
          && ours.map.isIdentical(to: theirs.map)
      }
  }

  /// As `areSameTerms`, of constant summands.
  private func areSameOffsets(_ ours: [Offset<Double>], _ theirs: [Offset<Double>]) -> Bool {
    ours.count == theirs.count
      && zip(ours, theirs).allSatisfy { ours, theirs in
        let isSameMap =
          switch (ours.map, theirs.map) {
          case (nil, nil): true
          case (let ours?, let theirs?): ours.isIdentical(to: theirs)
          default: false
          }
        return isSameMap && ours.port == theirs.port
          && (ours.parameter == theirs.parameter || !comparesParameters)
          && ours.tensor.isIdentical(to: theirs.tensor)
      }
  }

  private func differenceOfEntries(
    _ left: [any LinearMap<Double>], _ right: [any LinearMap<Double>], place: String,
    _ allowance: inout EntryAllowance
  ) -> StructuralDifference? {
    let maps = left + right
    let (rows, columns) = (maps[0].outputSize, maps[0].inputSize)
    if let odd = maps.first(where: { ($0.outputSize, $0.inputSize) != (rows, columns) }) {
      return StructuralDifference(
        place: place, first: "\(rows)×\(columns)", second: "\(odd.outputSize)×\(odd.inputSize)")
    }
    var first = 0
    if left.count == 1, right.count == 1 {
      guard let row = left[0].firstRow(thatMayDifferFrom: right[0]) else { return nil }
      first = row
    }
    for row in first..<rows {
      guard allowance.allows(rowOf: maps) else {
        return StructuralDifference(
          place: place, row: row, first: left.kinds, second: "\(right.kinds), not compared any further")
      }
      let (ours, theirs) = (ExactRow(row, of: left), ExactRow(row, of: right))
      if let column = ours.firstDifference(from: theirs) {
        return StructuralDifference(
          place: place, row: row, column: column, first: ours.description(at: column),
          second: theirs.description(at: column))
      }
    }
    return nil
  }

  private func differenceOfOffsets(
    _ index: Int, _ counterpart: Int, _ allowance: inout EntryAllowance
  ) -> StructuralDifference? {
    let (equation, block) = (network.equations[index], model.equations[counterpart])
    if areSameOffsets(equation.offsets, block.offsets) { return nil }
    for port in equation.portSizes.indices {
      let left = equation.offsets.filter { $0.port == port }
      let right = block.offsets.filter { $0.port == port }
      let place = "b[\(block.name)\(block.portSizes.count > 1 ? ".\(port)" : "")]"
      for row in 0..<equation.portSizes[port] {
        guard allowance.allows(rowOf: (left + right).compactMap(\.map)) else {
          return StructuralDifference(
            place: place, row: row, first: "\(left.count) summands",
            second: "\(right.count) summands, not compared any further")
        }
        let (ours, theirs) = (ExactRow(row, of: left), ExactRow(row, of: right))
        if ours.firstDifference(from: theirs) != nil {
          return StructuralDifference(
            place: place, row: row, first: ours.description(at: 0), second: theirs.description(at: 0))
        }
      }
      if let difference = differenceOfParameters(
        left.map(Labelled.init), right.map(Labelled.init), place: place, &allowance)
      {
        return difference
      }
    }
    return nil
  }

  /// Where parameters are compared: the same entries must carry the same ones, and follow from them in the same way for all
  /// numbers that they may have. A convolution of zeros has the same entries for every stride.
  private func differenceOfParameters(
    _ ours: [Labelled], _ theirs: [Labelled], place: String, _ allowance: inout EntryAllowance
  ) -> StructuralDifference? {
    guard comparesParameters else { return nil }
    let labels = (ours.compactMap(\.label).sorted(), theirs.compactMap(\.label).sorted())
    if labels.0 != labels.1 {
      return StructuralDifference(
        place: "\(place).parameter", first: labels.0.joined(separator: ", "),
        second: labels.1.joined(separator: ", "))
    }
    for label in Set(labels.0).sorted() {
      let (left, right) = (ours.filter { $0.label == label }, theirs.filter { $0.label == label })
      guard !left.follow(as: right, &allowance) else { continue }
      return StructuralDifference(place: "\(place).parameter", first: left.text, second: right.text)
    }
    return nil
  }
}
