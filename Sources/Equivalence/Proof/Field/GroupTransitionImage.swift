import Operators

/// The transition of blocks that read each other, over the fields.
///
/// Two groups are matched by colour refinement (Weisfeiler and Leman 1968): a coordinate's colour is its value, and its next
/// colour a hash of what the transition makes of all colours. What comes out does not depend on the order of coordinates.
struct GroupTransitionImage {
  /// The positions of the blocks.
  let members: [Int]
  /// The blocks.
  let images: [BlockImage]
  /// The coordinates of each that every cycle passes through.
  let cut: [[Int]]
  /// The fields and functions.
  let theory: Interpretation

  /// Reads what stands outside the group.
  typealias Reader = (Source) throws(FieldFailure) -> FieldValues

  /// The state of the group and its digest; nil for one without a cycle, whose state follows from what it reads.
  func evaluate(reading outside: Reader) throws(FieldFailure) -> (state: [FieldValues], digest: [UInt8]?) {
    let size = cut.reduce(0) { $0 + $1.count }
    guard size > 0 else { return (try state(at: [], reading: outside).state, nil) }
    let colours = try colours(size, reading: outside)
    let values = try state(at: colours, reading: outside).next
    let pairs = zip(colours, values).sorted { $0.0 < $1.0 }
    var message = Array("group".utf8)
    for (colour, value) in pairs {
      for element in [colour, value] {
        message += element.first.bytes + element.second.bytes + element.third.bytes
      }
    }
    let digest = blake2b(message, key: theory.functions.key, count: 32)
    let words = stride(from: 0, to: 32, by: 8).map { start in
      digest[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    let symbol = FunctionSymbol("unknown")
    let unknowns = colours.map { theory.functions.hash(symbol, words, [$0]) }
    return (try state(at: unknowns, reading: outside).state, digest)
  }

  /// Colours of the cut's coordinates, no two the same.
  private func colours(_ size: Int, reading outside: Reader) throws(FieldFailure) -> [FieldElement] {
    let (colour, mark) = (FunctionSymbol("colour"), FunctionSymbol("mark"))
    var colours = [FieldElement](repeating: theory.functions.hash(colour, [], []), count: size)
    var classes = 0
    while true {
      let values = try state(at: colours, reading: outside).next
      colours = zip(colours, values).map { theory.functions.hash(colour, [], [$0, $1]) }
      let count = Set(colours).count
      if count == size { return colours }
      if count == classes {
        let members = Dictionary(grouping: colours.indices) { colours[$0] }
        let tied = members.filter { $1.count > 1 }.min { $0.key < $1.key }!.value
        colours[tied[0]] = theory.functions.hash(mark, colours[tied[0]])
        classes = count + 1
      } else {
        classes = count
      }
    }
  }

  /// The state whose cut has these elements, and what the transition makes of the cut.
  ///
  /// What is not in the cut follows from it, in as many applications as the longest path has steps.
  private func state(
    at elements: [FieldElement], reading outside: Reader
  ) throws(FieldFailure) -> (state: [FieldValues], next: [FieldElement]) {
    var state = start
    place(elements, in: &state)
    while true {
      var next: [FieldValues] = []
      for image in images {
        let value = try image.value { (source) throws(FieldFailure) in
          guard case .node(let node) = source, let member = members.firstIndex(of: node) else {
            return try outside(source)
          }
          return state[member]
        }
        guard !value.hasSymbols else { throw .notFinite }
        next.append(value)
      }
      let results = zip(next, cut).flatMap { values, cut in cut.map { values[$0] } }
      place(elements, in: &next)
      if zip(next, state).allSatisfy({ $0.components == $1.components }) { return (state, results) }
      state = next
    }
  }

  /// A state to begin with, in which no denominator is zero but by chance.
  private var start: [FieldValues] {
    let symbol = FunctionSymbol("start")
    return images.indices.map { member in
      FieldValues(
        (0..<images[member].block.size).map {
          theory.functions.hash(symbol, [UInt64(member), UInt64($0)], [])
        })
    }
  }

  private func place(_ elements: [FieldElement], in state: inout [FieldValues]) {
    var next = 0
    for (member, coordinates) in cut.enumerated() {
      for coordinate in coordinates {
        state[member][coordinate] = elements[next]
        next += 1
      }
    }
  }
}
