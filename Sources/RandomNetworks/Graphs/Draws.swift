import LinearAlgebra
import Operators

/// Random choices, numbers and shapes of the sizes that the settings allow.
package struct Draws {
  package var generator: SeededGenerator
  package let settings: NetworkGenerator
  /// The most coordinates of one value of the network.
  let maximumSize: Int

  package init(generator: SeededGenerator, settings: NetworkGenerator) {
    self.generator = generator
    self.settings = settings
    // Most networks stay small: whole matrices are as large as the square of all values together.
    let size = [16, 24, 24, 36, 48, 96][Int.random(in: 0..<6, using: &self.generator)]
    maximumSize = max(settings.maximumWidth, min(size, 2 * settings.maximumWidth * settings.maximumWidth))
  }

  package mutating func chance(_ probability: Double) -> Bool { generator.uniform() < probability }

  package mutating func integer(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  package mutating func element<T>(of elements: [T]) -> T { elements[integer(0...elements.count - 1)] }

  /// A width, often small, sometimes 1.
  package mutating func width() -> Int {
    chance(0.1) ? 1 : integer(1...settings.maximumWidth)
  }

  /// A number of several channels, as `channels`, `rows` or `positions`.
  package mutating func extent(atMost largest: Int) -> Int {
    integer(1...max(1, min(largest, settings.maximumWidth)))
  }

  /// A shape of this rank with at most `maximumSize` coordinates.
  package mutating func shape(rank: Int) -> [Int] {
    var (shape, room) = ([Int](), maximumSize)
    for axis in 0..<rank {
      // Leaves room for axes of two at least behind this one.
      let share = axis == rank - 1 ? room : max(1, min(room >> (rank - 1 - axis), 5))
      // Axes of one extent are those that a mistake exchanges unnoticed.
      let isRepeated = axis > 0 && shape[axis - 1] <= share && chance(0.3)
      let extent = rank == 1 ? width() : isRepeated ? shape[axis - 1] : extent(atMost: share)
      shape.append(extent)
      room /= extent
    }
    return shape
  }

  /// A random way to write a number of coordinates as a shape of this rank.
  package mutating func factorization(of size: Int, rank: Int) -> [Int] {
    var (shape, rest) = ([Int](), size)
    for _ in 1..<max(1, rank) {
      let factor = divisor(of: rest)
      shape.append(factor)
      rest /= factor
    }
    shape.append(rest)
    return shape.shuffled(using: &generator)
  }

  package mutating func divisor(of number: Int) -> Int {
    element(of: (1...number).filter { number % $0 == 0 })
  }

  /// Numbers of a tensor whose rows are as long as `inputs`, scaled to keep values near their size; some tensors have
  /// zeros, some are integers, some large or small.
  package mutating func tensor(_ shape: [Int], inputs: Int) -> Tensor<Double> {
    let magnitude = [1, 1, 1, 1, 1, 0.1, 3][integer(0...6)]
    let scale = magnitude / Double(max(1, inputs)).squareRoot()
    let zeros = chance(0.15) ? 0.4 : 0
    let integers = chance(0.1)
    let elements = (0..<shape.reduce(1, *)).map { _ -> Double in
      let value = generator.normal()
      if generator.uniform() < zeros { return 0 }
      return integers ? (2 * value).rounded() : value * scale
    }
    return Tensor(shape: shape, elements: elements)
  }

  /// Numbers none of which is 0 and no two of which are equal: what breaks ties.
  package mutating func distinct(_ shape: [Int]) -> Tensor<Double> {
    Tensor(shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in generator.normal() })
  }

  /// An axis of a tensor of this rank, sometimes counted from the end.
  package mutating func axis(rank: Int) -> Int { counted(integer(0...rank - 1), rank: rank) }

  /// The axis, sometimes counted from the end.
  package mutating func counted(_ axis: Int, rank: Int) -> Int { chance(0.3) ? axis - rank : axis }

  /// Some axes, at least one, in any order.
  package mutating func axes(rank: Int) -> [Int] {
    let some = (0..<rank).shuffled(using: &generator).prefix(integer(1...rank))
    return some.map { counted($0, rank: rank) }
  }
}
