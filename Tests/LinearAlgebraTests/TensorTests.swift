import LinearAlgebra
import Testing

/// Numbers that are read from outside memory on first use.
@Suite struct TensorTests {
  private final class Stored: NumberSource {
    let numbers: [Double]
    let count: Int

    init(_ numbers: [Double]) {
      self.numbers = numbers
      count = numbers.count
    }

    func read() -> [Double] { numbers.map { $0 } }
  }

  private func tensor(_ numbers: [Double]) -> Tensor<Double> {
    Tensor(shape: [numbers.count], source: Stored(numbers))
  }

  private func place(_ tensor: Tensor<Double>) -> UnsafePointer<Double>? {
    tensor.elements.withUnsafeBufferPointer(\.baseAddress)
  }

  @Test("Tensors found the same have one copy of their numbers, wherever they came from")
  func oneCopy() {
    let numbers = [1, -0.0, .nan, .infinity]
    let (first, second, inMemory) = (tensor(numbers), tensor(numbers), Tensor(numbers))
    #expect(place(first) != place(second))
    #expect(first.isIdentical(to: second))
    #expect(place(first) == place(second))
    #expect(first.isIdentical(to: inMemory) && inMemory.isIdentical(to: second))
    #expect(place(first) == place(inMemory) && place(second) == place(inMemory))
  }

  @Test("Tensors found different keep their own numbers")
  func ownCopies() {
    let (first, second) = (tensor([1, 0]), tensor([1, -0.0]))
    #expect(!first.isIdentical(to: second))
    #expect(first.elements.map(\.bitPattern) == [1.0, 0.0].map(\.bitPattern))
    #expect(second.elements.map(\.bitPattern) == [1.0, -0.0].map(\.bitPattern))
    #expect(!tensor([1, 2]).isIdentical(to: Tensor(shape: [2, 1], source: Stored([1, 2]))))
  }

  @Test("A copy that is changed afterwards leaves the other as it was")
  func changed() {
    let first = tensor([1, 2])
    var second = tensor([1, 2])
    #expect(first.isIdentical(to: second))
    second.elements[0] = 5
    #expect(first.elements == [1, 2] && second.elements == [5, 2])
    #expect(second.source == nil && first.source != nil)
  }
}
