import FileAccess
import Synchronization

/// What an import may claim beyond the numbers in its file, and whether its integers stayed within 64 bits.
///
/// Everything that an import computes is charged here before it is allocated: integers, folded constants,
/// tables of maps, masks, vectors of offsets. Nothing is credited when it is freed, so that the budget bounds
/// the work of an import too.
package final class ImportLimits: Sendable {
  /// The limits of the import that is under way in this task; nil outside of one.
  @TaskLocal static var current: ImportLimits?

  /// The bytes of the budget that one number takes: a value, its table, its block and the block after
  /// absorption may each hold a copy.
  private static let bytesOfNumber = 32

  private let budget: Int
  private let charged = Atomic<Int>(0)
  private let overflow = Atomic<Bool>(false)
  private let steps = Atomic<Int>(0)
  private let nodes = Atomic<Int>(0)

  /// More nodes than functions in the place of their calls and unrolled loops have in any network.
  private static let mostNodes = 1 << 16

  /// Limits for a file of this many bytes.
  package init(fileSize: Int) {
    // A narrow weight takes two bytes; its file may claim as many numbers as it holds.
    let (budget, overflow) = (MemoryBudget.bytes / Self.bytesOfNumber).addingReportingOverflow(fileSize / 2)
    self.budget = overflow ? .max : budget
  }

  /// The numbers charged so far.
  package var numbers: Int { charged.load(ordering: .relaxed) }
  /// The summands visited so far. With `numbers` it measures the work of an import on any machine.
  package var work: Int { steps.load(ordering: .relaxed) }

  /// Counts summands that are visited, moved or copied.
  static func noteWork(_ count: Int) { current?.steps.wrappingAdd(count, ordering: .relaxed) }

  /// Notes that an operation on integers had no result in 64 bits.
  func noteOverflow() { overflow.store(true, ordering: .relaxed) }

  /// Starts again for another attempt at the same file, which keeps nothing of the previous one.
  func restart() {
    charged.store(0, ordering: .relaxed)
    overflow.store(false, ordering: .relaxed)
    nodes.store(0, ordering: .relaxed)
  }

  /// Charges a node of a function or a loop, or an iteration, before it is imported.
  ///
  /// - Throws: If functions and loops multiply to more than a network has.
  static func chargeNode() throws(ImportFailure) {
    guard let limits = current else { return }
    guard limits.nodes.wrappingAdd(1, ordering: .relaxed).newValue <= mostNodes else {
      throw .refused(
        "expected at most \(mostNodes) nodes of functions in the place of calls and of unrolled loops, found more"
      )
    }
  }

  /// Refuses an import whose integers overflowed.
  func requireNoOverflow() throws(ImportFailure) {
    guard !overflow.load(ordering: .relaxed) else {
      throw .refused("expected integers whose sums, products and quotients fit 64 bits, found others")
    }
  }

  /// Charges numbers before they are allocated.
  ///
  /// - Throws: If the file claims more than the budget.
  static func charge(_ count: Int) throws(ImportFailure) {
    guard let limits = current else { return }
    let (sum, overflow) = limits.numbers.addingReportingOverflow(max(0, count))
    guard !overflow, sum <= limits.budget else {
      throw .refused(
        "expected at most \(limits.budget) computed numbers in one model, found more; --memory-limit raises the limit"
      )
    }
    limits.charged.store(sum, ordering: .relaxed)
  }

  /// Refuses numbers for which the budget has no room, without charging them.
  ///
  /// - Throws: If the file claims more than the budget.
  static func requireRoom(for count: Int) throws(ImportFailure) {
    let before = current?.numbers ?? 0
    try charge(count)
    current?.charged.store(before, ordering: .relaxed)
  }

  /// Runs an import within limits.
  package static func limiting<Result>(
    _ limits: ImportLimits, _ body: () throws(ImportFailure) -> Result
  ) throws(ImportFailure) -> Result {
    // The task-local value's closure accepts any error.
    let result = $current.withValue(limits) {
      () -> Swift.Result<Result, ImportFailure> in
      do throws(ImportFailure) { return .success(try body()) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
