import Blocks
import Operators

extension EquilibriumModel {
  /// The same model without the parameters of entries that are named after their place: a gradient without a parameter
  /// has that name anyway.
  ///
  /// An entry keeps its name where an entry at another place has it too.
  ///
  /// - Parameter isIncluded: Which places are considered; all by default.
  public func withoutPlaceNames(at isIncluded: (String) -> Bool = { _ in true }) -> EquilibriumModel {
    var elsewhere: Set<String> = []
    for block in blocks {
      for case let (name?, place) in carried(by: block) where name != place { elsewhere.insert(name) }
    }
    var blocks = blocks
    for (index, block) in self.blocks.enumerated() {
      for (position, term) in block.terms.enumerated()
      where term.parameter == place(of: term, in: block) && isIncluded(term.parameter!)
        && !elsewhere.contains(term.parameter!)
      {
        blocks[index].terms[position].parameter = nil
      }
      for (position, offset) in block.offsets.enumerated()
      where offset.parameter == place(of: offset, in: block) && isIncluded(offset.parameter!)
        && !elsewhere.contains(offset.parameter!)
      {
        blocks[index].offsets[position].parameter = nil
      }
    }
    // Names do not affect what has been validated.
    return try! EquilibriumModel(
      inputShape: inputShape, blocks: blocks, output: output, form: form, signature: signature)
  }

  /// The places of entries that have numbers and no parameter, so that their gradients are named after their place.
  public var unnamedPlaces: Set<String> {
    var places: Set<String> = []
    for block in blocks {
      for term in block.terms where term.parameter == nil && term.map.parameterShape != nil {
        places.insert(place(of: term, in: block))
      }
      for offset in block.offsets where offset.parameter == nil {
        places.insert(place(of: offset, in: block))
      }
    }
    return places
  }

  /// The parameter and the place of every entry of a block.
  private func carried(by block: Block<S>) -> [(parameter: String?, place: String)] {
    block.terms.map { ($0.parameter, place(of: $0, in: block)) }
      + block.offsets.map { ($0.parameter, place(of: $0, in: block)) }
  }
}
