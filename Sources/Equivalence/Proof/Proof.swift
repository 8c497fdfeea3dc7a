import LinearAlgebra
import Operators

/// A proof of equivalence: a renaming of blocks under which two systems are the same equations, bit for bit.
///
/// Two systems that differ in names and order only have the same solutions for every input, in exact
/// arithmetic, whether they are acyclic or not. If the same parameters stand in the same places too, they are the same
/// function of their parameters, with the same gradients. Where the renaming comes from does not matter, since every bit is
/// compared under it.
struct Proof {
  private let network: EquationSystem
  private let model: EquationSystem
  /// For each equation of the network, the block that stands for it.
  private let counterparts: [Int?]
  private let entries: Int

  /// Looks for a renaming: first by the names the blocks have, then by what the equations say. Names of parameters have no
  /// say in it; nil where none was found.
  ///
  /// - Parameter entries: How many entries may be compared one by one, where maps are not the same operators.
  init?(network: EquationSystem, model: EquationSystem, entries: Int = entriesOfProof) {
    guard network.equations.count == model.equations.count else { return nil }
    func isRenaming(_ counterparts: [Int?]) -> Bool {
      counterparts.allSatisfy { $0 != nil }
        && Comparator(network: network, model: model, counterparts: counterparts, entries: entries)
          .firstDifference == nil
    }
    let byName = counterpartsByName(network: network, model: model)
    if isRenaming(byName) {
      counterparts = byName
    } else {
      let byContent = counterpartsByContent(
        network: network, model: model, hint: byName, onlyComplete: true)
      guard isRenaming(byContent) else { return nil }
      counterparts = byContent
    }
    (self.network, self.model, self.entries) = (network, model, entries)
  }

  /// Whether both are the same function of their parameters, too: whether the same ones stand in the same places.
  var hasSameParameters: Bool {
    Comparator(
      network: network, model: model, counterparts: counterparts, entries: entries, comparesParameters: true
    ).firstDifference == nil
  }
}

/// How many entries a proof compares one by one before it is left to the fields, which take less time for more.
let entriesOfProof = 1 << 18

/// The first place where two systems are not the same equations bit by bit, under the renaming that explains it best; for a
/// message alone, so that it may be wrong where few blocks have counterparts.
func firstDifference(network: EquationSystem, model: EquationSystem) -> StructuralDifference? {
  // What a message is worth.
  let entries = 1 << 23
  func difference(_ counterparts: [Int?]) -> StructuralDifference? {
    Comparator(network: network, model: model, counterparts: counterparts, entries: entries).firstDifference
  }
  let byName = counterpartsByName(network: network, model: model)
  // Names that fit make the better explanation; without them, only the content can tell.
  if network.equations.count == model.equations.count, byName.allSatisfy({ $0 != nil }) {
    return difference(byName)
  }
  let byContent = counterpartsByContent(network: network, model: model, hint: byName)
  return difference(completed(byContent, network: network, model: model))
}
