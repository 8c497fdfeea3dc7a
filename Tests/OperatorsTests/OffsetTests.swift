import Blocks
import LinearAlgebra
import Operators
import Testing

/// Constant summands that a map makes.
@Suite("Offsets that a map makes")
struct OffsetTests {
  @Test("A sum that cancels is added up exactly, one number and many samples alike", arguments: [1, 3])
  func sums(batch: Int) throws {
    let map = try Sum<Double>(inputShape: [3], dim: 0, keepdim: true)
    let offset = Offset(tensor: Tensor([1e16, 1, -1e16]), map: map)
    #expect(offset.vector == [1])
    let block = Block<Double>(
      name: "a", size: 1, nonlinearity: Identity(),
      terms: [Term(source: .input, map: DenseMap(Matrix(rows: 1, columns: 1)))], offsets: [offset])
    let ports = block.preactivations(batch: batch) { _ in Matrix(rows: batch, columns: 1) }
    #expect(ports[0].elements == [Double](repeating: 1, count: batch))
  }

  @Test("Few numbers that a map adds up over many places are added up exactly too")
  func spread() throws {
    // Each of 32 places holds a + b + c: three numbers, far fewer than places.
    let rows = [[Double]](repeating: [1, 1, 1], count: 32)
    let map = DenseMap(Matrix(rows: 32, columns: 3, elements: rows.flatMap(\.self)))
    let offset = Offset(tensor: Tensor([1e16, 1, -1e16]), map: map)
    let block = Block<Double>(name: "a", size: 32, nonlinearity: Identity(), terms: [], offsets: [offset])
    let ports = block.preactivations(batch: 2) { _ in Matrix(rows: 2, columns: 1) }
    #expect(ports[0].elements == [Double](repeating: 1, count: 64))
  }

  @Test("What is not finite stays what the map makes of it")
  func infinite() throws {
    let map = try Sum<Double>(inputShape: [2], dim: 0, keepdim: true)
    #expect(Offset(tensor: Tensor([.infinity, 1]), map: map).vector == [.infinity])
    #expect(Offset(tensor: Tensor([.infinity, -.infinity]), map: map).vector[0].isNaN)
  }

  @Test("A mean is the exact sum, divided once")
  func mean() throws {
    let map = try Mean<Double>(inputShape: [3], dim: 0, keepdim: true)
    #expect(Offset(tensor: Tensor([1e16, 1, -1e16]), map: map).vector == [1 / 3.0])
  }
}
