import Equilibria
import LinearAlgebra

/// One mistake planted in an equilibrium model, to test whether a checker finds it.
///
/// A fault changes the equations, not only their spelling: names, the order of blocks, the way a sum is
/// split into entries and the sign of a zero weight are not faults. Whether it changes the function as well
/// depends on the model: a layer may be unread.
public struct Fault: Sendable, CustomStringConvertible {
  /// The kinds of mistakes that a converter, an editor or a training step makes.
  public enum Kind: String, CaseIterable, Sendable {
    /// A number in `W_z` is replaced by the next one above or below.
    case stateWeightUlp
    /// A number in `W_x` is replaced by the next one above or below.
    case inputWeightUlp
    /// A number in b is replaced by the next one above or below.
    case biasUlp
    /// The sign of a non-zero number in `W_z` or `W_x` is flipped.
    case weightSignFlipped
    /// Two entries exchange their weights, which have equal shapes.
    case weightsExchanged
    /// Two blocks of equal size exchange their positions in the list of blocks: name, activation and
    /// read-out move, rows and columns stay.
    case blocksExchanged
    /// A block has another nonlinearity with the same ports.
    case activationReplaced
    /// A constant of a nonlinearity is replaced by the next number above or below.
    case activationConstantUlp
    /// `W_z` has an entry by which a block reads an earlier one that it should not read.
    case extraEntryBelowDiagonal
    /// `W_z` has an entry by which a block reads a later one: often a cycle.
    case extraEntryAboveDiagonal
    /// `W_z` has an entry by which a block reads itself.
    case extraEntryOnDiagonal
    /// `W_x` has an entry for a block that should not read the input.
    case extraInputWeight
    /// A zero of b is replaced by another number.
    case extraBias
    /// A non-zero entry of `W_z`, `W_x` or b is removed.
    case entryRemoved
    /// A non-zero entry of `W_z` or `W_x` is duplicated, so that it counts twice.
    case entryDuplicated
    /// A non-symmetric square matrix is transposed.
    case weightTransposed
    /// Another block is the output.
    case readOutMoved
    /// A non-zero entry reads another source of the same size.
    case entryRedirected
    /// Two entries exchange their parameters.
    case labelsExchanged
    /// A constant of a linear map (stride, padding, groups, an axis, a factor) is replaced by another one
    /// with the same sizes.
    case mapAttributeChanged
    /// A constant of a nonlinearity that is not a number (an axis, a window, a number of groups) is
    /// replaced.
    case nonlinearityAttributeChanged
    /// A linear map is replaced by another one of the same sizes.
    case mapReplaced
    /// Two ports of equal shape exchange their summands.
    case portsExchanged
    /// A term is added to another port of the same size.
    case termMoved
    /// The map of a constant summand broadcasts it in another way: along another axis, by another factor.
    case offsetMapChanged
  }

  /// The kind of mistake.
  public let kind: Kind
  /// The name of the changed linear map or nonlinearity, with that of the constant if one changed:
  /// `conv.stride`; nil if the fault is not in an operator.
  public let subject: String?
  /// The model with the mistake.
  public let model: EquilibriumModel<Double>
  /// The place, in the model's names: `Wz[fc2,fc1]`, `b[fc2]`, `blocks[fc2].activation`, `output`.
  public let place: String
  /// The row within the place, from 0, for a fault in one number.
  public let row: Int?
  /// The column within the place, from 0, for a fault in one number of a matrix.
  public let column: Int?
  /// The original text or number.
  public let before: String
  /// The new text or number.
  public let after: String

  /// One line: the kind, the place, the original and the new value.
  public var description: String {
    let position = (row.map { " row \($0)" } ?? "") + (column.map { " column \($0)" } ?? "")
    return "\(kind.rawValue): \(place)\(position): \(after) instead of \(before)"
  }

  /// A mistake of this kind at a random place of `model`, or nil if there is no suitable place.
  ///
  /// - Complexity: O(entries² + numbers), for the kinds that need a pair.
  public static func planted(
    in model: EquilibriumModel<Double>, kind: Kind, using generator: inout SeededGenerator
  ) -> Fault? {
    var planting = FaultPlanting(model: model, kind: kind, generator: generator)
    defer { generator = planting.generator }
    return planting.fault()
  }
}
