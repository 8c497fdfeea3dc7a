import Blocks
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
  /// The coordinates of each that are unknown.
  let cut: [[Int]]
  /// Those that read each other through identities alone.
  let linear: [LinearCoordinates]
  /// The fields and functions.
  let theory: Interpretation

  /// Reads what stands outside the group.
  typealias Reader = (Source) throws(FieldFailure) -> FieldValues

  /// A group's state and what stands for its equations.
  struct Value {
    /// The state.
    let state: [FieldValues]
    /// What groups with the same equations share; nil for one without unknowns, whose state follows from what it reads.
    var digest: [UInt8]?
    /// Whether coordinates that are the same function of the others have one unknown together.
    var isMerged = false
    /// How often all blocks were evaluated.
    var passes: Int
    /// How often one after the other.
    let depth: Int
  }

  /// The state of the group and its digest.
  ///
  /// - Parameter hasOneEquilibrium: Whether the group is known to have exactly one, whatever it reads. It is asked only
  ///   where coordinates are tied.
  func evaluate(
    reading outside: Reader, hasOneEquilibrium: () -> Bool
  ) throws(FieldFailure) -> Value {
    let size = cut.reduce(0) { $0 + $1.count }
    guard size > 0 else {
      let (state, _, passes) = try state(at: [], reading: outside)
      return Value(state: state, passes: passes, depth: passes)
    }
    var passes = 0
    let colours = try colours(
      size, reading: outside, hasOneEquilibrium: hasOneEquilibrium, passes: &passes)
    let values = try state(at: colours, reading: outside).next
    // Tied coordinates are one unknown, and one pair.
    let pairs = Dictionary(zip(colours, values)) { first, _ in first }.sorted { $0.key < $1.key }
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
    let (state, _, last) = try state(at: unknowns, reading: outside)
    return Value(
      state: state, digest: digest, isMerged: pairs.count < size, passes: passes + 2 * last, depth: last)
  }

  /// Colours of the cut's coordinates: no two the same, but in a group with one equilibrium for those that are the same
  /// function of all colours.
  private func colours(
    _ size: Int, reading outside: Reader, hasOneEquilibrium: () -> Bool, passes: inout Int
  ) throws(FieldFailure) -> [FieldElement] {
    let (colour, mark) = (FunctionSymbol("colour"), FunctionSymbol("mark"))
    var colours = [FieldElement](repeating: theory.functions.hash(colour, [], []), count: size)
    var (classes, isOpen, isMarked) = (0, false, false)
    while true {
      let (_, values, own) = try state(at: colours, reading: outside)
      passes += own
      colours = zip(colours, values).map { theory.functions.hash(colour, [], [$0, $1]) }
      let count = Set(colours).count
      guard count == classes else {
        classes = count
        continue
      }
      if count == size { return colours }
      if !isOpen, hasOneEquilibrium() { return colours }
      isOpen = true
      if !isMarked {
        colours = try colouredByReaders(colours, reading: outside, passes: &passes)
        classes = Set(colours).count
        if classes > count { continue }
        isMarked = true
      }
      let tied = firstOfLeastTied(colours)
      colours[tied] = theory.functions.hash(mark, colours[tied])
      classes = count + 1
    }
  }

  /// The next colours of tied coordinates, each a hash of what the transition makes of all where it alone has another
  /// element: of what reads it.
  private func colouredByReaders(
    _ colours: [FieldElement], reading outside: Reader, passes: inout Int
  ) throws(FieldFailure) -> [FieldElement] {
    let (alone, readers) = (FunctionSymbol("alone"), FunctionSymbol("readers"))
    let counts = Dictionary(colours.map { ($0, 1) }, uniquingKeysWith: +)
    var next = colours
    for index in colours.indices where counts[colours[index]]! > 1 {
      var elements = colours
      elements[index] = theory.functions.hash(alone, colours[index])
      let (_, values, own) = try state(at: elements, reading: outside)
      passes += own
      let pairs = zip(colours, values).sorted { $0 < $1 }.flatMap { [$0, $1] }
      next[index] = theory.functions.hash(readers, [], [colours[index]] + pairs)
    }
    return next
  }

  /// The state whose cut has these elements, and what the transition makes of the cut.
  ///
  /// What is not in the cut follows from it, in as many applications as the longest path has steps, where coordinates that
  /// read each other through identities alone are solved together.
  private func state(
    at elements: [FieldElement], reading outside: Reader
  ) throws(FieldFailure) -> (state: [FieldValues], next: [FieldElement], passes: Int) {
    var state = start
    place(elements, in: &state)
    var passes = 0
    while true {
      passes += 1
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
      for coordinates in linear { coordinates.solve(&next, from: state) }
      place(elements, in: &next)
      if zip(next, state).allSatisfy({ $0.components == $1.components }) {
        return (state, results, passes)
      }
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

/// The first of those coordinates that have the least colour of several.
private func firstOfLeastTied(_ colours: [FieldElement]) -> Int {
  let members = Dictionary(grouping: colours.indices) { colours[$0] }
  return members.filter { $1.count > 1 }.min { $0.key < $1.key }!.value[0]
}
