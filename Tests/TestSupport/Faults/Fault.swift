import Equilibria
import LinearAlgebra

/// One mistake planted in an equilibrium model, to see whether a checker finds it.
///
/// A fault changes the equations, never their spelling alone: names, the order of blocks, the way a sum is split
/// into entries and the sign of a zero weight are no faults. Whether it changes the function as well depends on
/// the model: nothing reads a layer that is not read.
public struct Fault: Sendable, CustomStringConvertible {
  /// The sorts of mistakes that a converter, an editor or a training step makes.
  public enum Kind: String, CaseIterable, Sendable {
    /// A number in `W_z` is the next one above or below.
    case stateWeightUlp
    /// A number in `W_x` is the next one above or below.
    case inputWeightUlp
    /// A number in b is the next one above or below.
    case biasUlp
    /// A number in `W_z` or `W_x` that is not 0 has the other sign.
    case weightSignFlipped
    /// Two entries whose weights have equal shapes have each other's weight.
    case weightsExchanged
    /// Two blocks of equal size have each other's place in the list of blocks: name, activation and read-out move,
    /// rows and columns stay.
    case blocksExchanged
    /// A block has another nonlinearity of the same ports.
    case activationReplaced
    /// A constant of a nonlinearity is the next number above or below.
    case activationConstantUlp
    /// `W_z` is not 0 where a block would read one that comes before it and that it does not read.
    case extraEntryBelowDiagonal
    /// `W_z` is not 0 where a block would read one that comes after it: often a cycle.
    case extraEntryAboveDiagonal
    /// `W_z` is not 0 where a block would read itself.
    case extraEntryOnDiagonal
    /// `W_x` is not 0 where a block does not read the input.
    case extraInputWeight
    /// A number of b that is 0 has another value.
    case extraBias
    /// An entry of `W_z`, `W_x` or b that is not 0 is left out.
    case entryRemoved
    /// An entry of `W_z` or `W_x` that is not 0 stands there twice, which adds up.
    case entryDuplicated
    /// A square matrix that is not symmetric is transposed.
    case weightTransposed
    /// Another block is read out.
    case readOutMoved
    /// An entry that is not 0 reads another source of the same size.
    case entryRedirected
    /// Two entries carry each other's parameter.
    case labelsExchanged
    /// A constant of a linear map (stride, padding, groups, an axis, a factor) is another one of the same sizes.
    case mapAttributeChanged
    /// A constant of a nonlinearity that is no number (an axis, a window, a number of groups) is another one.
    case nonlinearityAttributeChanged
    /// A linear map is another one of the same sizes.
    case mapReplaced
    /// What two ports of equal shape read is exchanged.
    case portsExchanged
    /// A term adds to another port of the same size.
    case termMoved
    /// What spreads a constant summand over its port does so otherwise: along another axis, by another factor.
    case offsetMapChanged
  }

  /// What was done.
  public let kind: Kind
  /// The name of the linear map or nonlinearity that it was done to, with the constant's where it was one:
  /// `conv.stride`; nil where the fault is none of an operator.
  public let subject: String?
  /// The model with the mistake.
  public let model: EquilibriumModel<Double>
  /// Where, in the model's names: `Wz[fc2,fc1]`, `b[fc2]`, `blocks[fc2].activation`, `output`.
  public let place: String
  /// The row within the place, from 0, for a fault in one number.
  public let row: Int?
  /// The column within the place, from 0, for a fault in one number of a matrix.
  public let column: Int?
  /// What stood there.
  public let before: String
  /// What stands there now.
  public let after: String

  /// One line: the kind, the place, what stood there and what stands there now.
  public var description: String {
    let position = (row.map { " row \($0)" } ?? "") + (column.map { " column \($0)" } ?? "")
    return "\(kind.rawValue): \(place)\(position): \(after) instead of \(before)"
  }

  /// A mistake of this kind at a random place of `model`, or nil where the model has no place for it.
  ///
  /// - Complexity: O(entries² + numbers), for the kinds that look for a pair.
  public static func planted(
    in model: EquilibriumModel<Double>, kind: Kind, using generator: inout SeededGenerator
  ) -> Fault? {
    var planting = FaultPlanting(model: model, kind: kind, generator: generator)
    defer { generator = planting.generator }
    return planting.fault()
  }
}
