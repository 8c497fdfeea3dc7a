import Equilibria
import FileAccess
import LinearAlgebra
import ModelFiles
import Operators

extension EquilibriumModel<Double> {
  /// The same model with its blocks in another order.
  public func shuffled(using generator: inout SeededGenerator) -> EquilibriumModel {
    let order = blocks.indices.shuffled(using: &generator)
    var position = [Int](repeating: 0, count: blocks.count)
    for (new, old) in order.enumerated() { position[old] = new }
    let shuffled = order.map { old in
      var block = blocks[old]
      for term in block.terms.indices {
        if case .node(let index) = block.terms[term].source {
          block.terms[term].source = .node(position[index])
        }
      }
      return block
    }
    return try! EquilibriumModel(
      inputShape: inputShape, blocks: shuffled, output: position[output], form: form)
  }

  /// The same model under block names that say nothing; parameters keep theirs.
  public func renamed() -> EquilibriumModel {
    var renamed = blocks
    for index in renamed.indices { renamed[index].name = "q\((index * 7 + 3) % 1_000_003)" }
    return try! EquilibriumModel(inputShape: inputShape, blocks: renamed, output: output, form: form)
  }

  /// The model that a file in this form says, written and read.
  public func rewritten(as form: ModelForm) throws -> EquilibriumModel {
    let sink = MemorySink()
    try ModelFile.equilibrium(self).write(as: form, to: sink)
    guard case .equilibrium(let model) = try ModelFile.read(FileContents(sink.bytes, named: "memory")) else {
      fatalError("another format than was written")
    }
    return model
  }
}

/// A standard normal vector.
public func normalVector(_ count: Int, scale: Double = 1, using generator: inout SeededGenerator) -> [Double]
{
  (0..<count).map { _ in scale * generator.normal() }
}

/// The largest magnitude; 0 for none.
public func magnitude(_ numbers: some Sequence<Double>) -> Double {
  numbers.reduce(0) { max($0, abs($1)) }
}

/// The largest difference of two vectors; infinite where one is NaN or the lengths differ.
public func distance(_ a: some Collection<Double>, _ b: some Collection<Double>) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { largest, pair in
    let difference = pair.0 == pair.1 ? 0 : abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
