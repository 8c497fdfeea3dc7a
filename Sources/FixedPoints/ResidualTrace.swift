/// The residual from iteration to iteration, thinned so that it never exceeds a fixed size.
///
/// Holds every iteration up to `capacity` of them, then every second one, then every fourth, and so on. The
/// first and the latest iteration are always present.
public struct ResidualTrace: Sendable, Equatable {
  /// The residual after a number of updates.
  public struct Entry: Sendable, Equatable {
    /// The number of updates applied before this residual was measured, from 0.
    public var iteration: Int
    /// The residual in the max norm; infinite where the transition is not finite.
    public var residual: Double

    /// An entry of the given parts.
    public init(iteration: Int, residual: Double) {
      self.iteration = iteration
      self.residual = residual
    }
  }

  /// The largest number of entries kept, apart from the latest.
  public static let capacity = 256
  /// The distance between kept iterations: a power of two.
  public private(set) var stride = 1
  private var kept: [Entry] = []
  private var latest: Entry?

  /// An empty trace.
  public init() {}

  /// The entries in ascending order of iteration, at most `capacity` + 1 of them.
  public var entries: [Entry] {
    guard let latest else { return [] }
    return kept.last?.iteration == latest.iteration ? kept : kept + [latest]
  }

  /// Records a residual; a second one for the same iteration replaces the first.
  ///
  /// - Precondition: `iteration` is not below the latest one recorded.
  public mutating func record(iteration: Int, residual: Double) {
    precondition(iteration >= latest?.iteration ?? 0, "iterations recorded out of order")
    let entry = Entry(iteration: iteration, residual: residual)
    latest = entry
    if kept.last?.iteration == iteration {
      kept[kept.count - 1] = entry
    } else if iteration.isMultiple(of: stride) {
      kept.append(entry)
    }
    if kept.count > Self.capacity {
      stride *= 2
      let stride = stride
      kept.removeAll { !$0.iteration.isMultiple(of: stride) }
    }
  }
}
