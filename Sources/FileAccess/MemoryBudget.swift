import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory a file may claim beyond the numbers that it holds.
///
/// A few bytes can describe a table or a constant of any size. Readers add up what a file claims and refuse it
/// once the sum exceeds this budget, before they allocate.
public enum MemoryBudget {
  private static let chosen = Atomic<Int>(0)

  /// The budget unless `use` changes it: 1 GiB, or half of the machine's memory if that is less.
  public static let standard: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    let (memory, overflow) = pages.multipliedReportingOverflow(by: size)
    return pages > 0 && size > 0 && !overflow ? min(1 << 30, memory / 2) : 1 << 30
  }()

  /// The budget in bytes, for every file that the process reads from now on.
  public static var bytes: Int {
    let bytes = chosen.load(ordering: .relaxed)
    return bytes > 0 ? bytes : standard
  }

  /// Sets the budget.
  ///
  /// - Precondition: `bytes` is positive.
  public static func use(_ bytes: Int) {
    precondition(bytes > 0, "a budget of no memory")
    chosen.store(bytes, ordering: .relaxed)
  }
}
