import LinearAlgebra

/// The scaled images of a parameter's elements in three fields: of the numbers in a file, or drawn at
/// random.
struct ParameterImages: Sendable {
  /// The number of elements.
  let count: Int
  /// The components of all elements: first those in the first field, then those in the second and in the third.
  private(set) var components: [UInt64]
  /// The numbers, unless the elements were drawn.
  let numbers: [Double]?

  /// The images of numbers.
  ///
  /// - Throws: `FieldFailure.notFinite` if one is infinite or not a number.
  init(of numbers: [Double], in fields: FieldTriple) throws(FieldFailure) {
    count = numbers.count
    self.numbers = numbers
    guard !numbers.contains(where: { !$0.isFinite }) else { throw .notFinite }
    components = [UInt64](unsafeUninitializedCapacity: 3 * count) { components, initialized in
      for component in 0..<3 {
        let (field, target) = (fields[component], components.baseAddress! + component * numbers.count)
        numbers.withUnsafeBufferPointer { numbers in
          inParts(of: numbers.count, grain: elementsPerPart) { part in
            for index in part { (target + index).initialize(to: field.scaledImage(of: numbers[index])) }
          }
        }
      }
      initialized = 3 * numbers.count
    }
  }

  /// The parameter of this name on the first side, drawn at random.
  init(name: String, count: Int, functions: RandomFunctions) {
    self.count = count
    numbers = nil
    components = functions.components(FunctionSymbol("parameter \(name)"), count: count, scaled: true)
  }

  /// The same elements in another order: element i is the one at `order[i]`.
  func reordered(_ order: [Int]) -> ParameterImages {
    var other = self
    for component in 0..<3 {
      for (index, place) in order.enumerated() {
        other.components[component * count + index] = components[component * count + place]
      }
    }
    return other
  }

  /// The scaled image of an element.
  @inline(__always)
  subscript(index: Int) -> FieldElement {
    FieldElement(components[index], components[count + index], components[2 * count + index])
  }

  /// Whether an element is zero in all fields.
  func isZero(_ index: Int) -> Bool { numbers.map { $0[index] == 0 } ?? false }
}
