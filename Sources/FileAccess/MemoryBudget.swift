import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory a file may claim beyond the numbers that it holds, and how much the values of its model may take.
///
/// A few bytes can describe a table or a constant of any size. Readers add up what a file claims and refuse it
/// once the sum exceeds this budget, before they allocate. The values of a model are allocated when it is evaluated; a
/// model is refused only where this machine could not hold them.
public enum MemoryBudget {
  private static let chosen = Atomic<Int>(0)

  /// The budget unless `use` changes it: 1 GiB, or half of the machine's memory if that is less.
  public static let standard = min(1 << 30, halfOfMachine)

  /// Half of the memory that this process may have: of the machine's, and of its own address space if that is limited.
  private static let halfOfMachine: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    let (memory, overflow) = pages.multipliedReportingOverflow(by: size)
    let machine = pages > 0 && size > 0 && !overflow ? memory : 1 << 31
    var limit = rlimit()
    #if canImport(Glibc)
      let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
    #else
      let isKnown = getrlimit(RLIMIT_AS, &limit) == 0
    #endif
    return min(machine, isKnown ? Int(clamping: limit.rlim_cur) : .max) / 2
  }()

  /// The bytes that the values of one sample, and what is computed beside them, may take: half of what this process may
  /// have, or the budget that `use` sets.
  public static var bytesOfValues: Int {
    let bytes = chosen.load(ordering: .relaxed)
    return bytes > 0 ? bytes : halfOfMachine
  }

  /// The most coordinates that a model may have together: each takes at least its value and one number beside it.
  public static var coordinates: Int { bytesOfValues / 16 }

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
