/// A value of a block or the sum of a port in three fields: one element for each coordinate.
struct FieldValues: Sendable, Equatable {
  /// The number of coordinates.
  let count: Int
  /// The components of all coordinates: first those in the first field, then those in the second and in the third.
  var components: [UInt64]
  /// For each coordinate 1 or −1 if it is an infinite constant, else 0; empty if none is infinite. The
  /// element of an infinite coordinate has no meaning.
  var signs: [Int8] = []

  /// Zeros.
  init(zeros count: Int) {
    self.count = count
    components = [UInt64](repeating: 0, count: 3 * count)
  }

  /// The components of `count` finite elements, in the order of `components`.
  init(components: [UInt64], count: Int) {
    (self.components, self.count) = (components, count)
  }

  /// Elements, all finite.
  init(_ elements: [FieldElement]) {
    self.init(zeros: elements.count)
    for (index, element) in elements.enumerated() { self[index] = element }
  }

  /// The element of a coordinate.
  subscript(index: Int) -> FieldElement {
    get { FieldElement(components[index], components[count + index], components[2 * count + index]) }
    set {
      components[index] = newValue.first
      components[count + index] = newValue.second
      components[2 * count + index] = newValue.third
    }
  }

  /// Whether some coordinate is infinite.
  var hasSymbols: Bool { !signs.isEmpty }

  /// 1 or −1 for an infinite coordinate, else 0.
  func sign(_ index: Int) -> Int8 { signs.isEmpty ? 0 : signs[index] }

  /// Adds an infinite constant at a coordinate.
  ///
  /// - Throws: `FieldFailure.notFinite` if the coordinate is infinite with the other sign, since the sum is
  ///   not a number.
  mutating func addSymbol(_ sign: Int8, at index: Int) throws(FieldFailure) {
    if signs.isEmpty { signs = [Int8](repeating: 0, count: count) }
    guard signs[index] == 0 || signs[index] == sign else { throw .notFinite }
    signs[index] = sign
  }

  /// Adds other values, coordinate by coordinate.
  mutating func add(_ other: FieldValues, in fields: FieldTriple) throws(FieldFailure) {
    let count = count
    for component in 0..<3 {
      let field = fields[component]
      components.withUnsafeMutableBufferPointer { sums in
        other.components.withUnsafeBufferPointer { summands in
          for index in component * count..<(component + 1) * count {
            sums[index] = field.sum(sums[index], summands[index])
          }
        }
      }
    }
    for (index, sign) in other.signs.enumerated() where sign != 0 { try addSymbol(sign, at: index) }
  }

  /// Calls `body` with a view of the coordinates that several threads may write.
  mutating func withView(_ body: (FieldView) -> Void) {
    let count = count
    components.withUnsafeMutableBufferPointer { body(FieldView(base: $0.baseAddress!, count: count)) }
  }
}

/// The elements of some values in memory.
struct FieldView {
  fileprivate let base: UnsafeMutablePointer<UInt64>
  /// The number of coordinates.
  let count: Int

  /// The element of a coordinate.
  @inline(__always)
  subscript(index: Int) -> FieldElement {
    get { FieldElement(base[index], base[count + index], base[2 * count + index]) }
    nonmutating set {
      base[index] = newValue.first
      base[count + index] = newValue.second
      base[2 * count + index] = newValue.third
    }
  }

  /// The components in one field.
  @inline(__always)
  func component(_ component: Int) -> UnsafeMutablePointer<UInt64> { base + component * count }
}

extension FieldValues {
  /// The components of all coordinates in one field.
  func component(_ component: Int) -> ArraySlice<UInt64> {
    components[component * count..<(component + 1) * count]
  }
}
