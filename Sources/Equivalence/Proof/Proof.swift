import LinearAlgebra
import Operators

/// A proof of equivalence: a renaming of blocks under which two systems are the same equations, bit for
/// bit.
///
/// Two systems that differ only in names and order have the same solutions for every input, in exact
/// arithmetic, whether or not they are acyclic. If they also have the same parameters at the same
/// positions, they are the same function of their parameters, with the same gradients. Where the renaming
/// comes from does not matter, since every bit is compared under it.
struct Proof {
  private let network: EquationSystem
  private let model: EquationSystem
  /// For each equation of the network, the corresponding block.
  private let counterparts: [Int?]
  private let entries: Int

  /// Searches for a renaming: first by the names of blocks, then by the content of equations; nil if none
  /// is found. Names of parameters are not used.
  ///
  /// - Parameter entries: How many entries may be compared one by one if maps are not the same operator.
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

  /// Whether both are also the same function of their parameters: whether these occur at the same
  /// positions.
  var hasSameParameters: Bool {
    Comparator(
      network: network, model: model, counterparts: counterparts, entries: entries, comparesParameters: true
    ).firstDifference == nil
  }
}

/// How many entries a proof compares one by one. Beyond this the fields take less time.
let entriesOfProof = 1 << 18

/// The first position where two systems differ bit by bit, under the renaming that explains it best. It is
/// only for a message, so it may be wrong if few blocks have counterparts.
func firstDifference(network: EquationSystem, model: EquationSystem) -> StructuralDifference? {
  // The effort that a message is worth.
  let entries = 1 << 23
  func difference(_ counterparts: [Int?]) -> StructuralDifference? {
    Comparator(network: network, model: model, counterparts: counterparts, entries: entries).firstDifference
  }
  let byName = counterpartsByName(network: network, model: model)
  // Matching names explain best; without them, only the content can tell.
  if network.equations.count == model.equations.count, byName.allSatisfy({ $0 != nil }) {
    return difference(byName)
  }
  let byContent = counterpartsByContent(network: network, model: model, hint: byName)
  return difference(completed(byContent, network: network, model: model))
}
