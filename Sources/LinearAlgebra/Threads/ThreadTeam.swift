import COpenBLAS
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The threads that share the turns of a loop, the calling one among them.
///
/// A loop in a layer takes some ten microseconds, which is what waking a thread takes. So a member that has nothing to do
/// looks for another loop for a while, giving way to whoever wants its core, before it sleeps; and a loop ends
/// when its turns are done, whether every member has woken up by then or not. OpenBLAS, whose threads would get into the
/// way of these, is held to one.
///
/// One loop is shared at a time. Another one, from within it or from another thread of the program, is run by its caller
/// alone; which turns there are does not depend on that, and so no result does.
final class ThreadTeam: @unchecked Sendable {
  /// The team of the process.
  static let shared: ThreadTeam = {
    let size = Int(openblas_get_num_threads())
    openblas_set_num_threads(1)
    return ThreadTeam(size: size)
  }()

  /// A loop: how many turns it has, what each does, and how many members may help.
  private struct Loop {
    let turns: Int
    let body: (Int) -> Void
    let helpers: Int
  }

  private let sizeLimit: Atomic<Int>
  /// Whether a caller has the team.
  private let isTaken = Atomic(false)
  /// Odd while there is a loop to help with; counts up.
  private let phase = Atomic(0)
  /// How many members are looking at the loop.
  private let helpers = Atomic(0)
  /// The next turn that nobody has taken.
  private let nextTurn = Atomic(0)
  private let sleepers = Atomic(0)
  private let bell = Bell()
  // Both belong to the caller that has taken the team. Members read the loop between the two changes of the phase.
  private var loop: Loop?
  private var hired = 0

  /// A team of `size` threads, which are started when they are first needed, and never end.
  init(size: Int) {
    sizeLimit = Atomic(size)
  }

  /// How many threads a loop may take.
  var size: Int { sizeLimit.load(ordering: .relaxed) }

  func setSize(_ size: Int) { sizeLimit.store(size, ordering: .relaxed) }

  /// Calls `body` for each turn below `turns`, in no particular order.
  func run(_ turns: Int, _ body: (Int) -> Void) {
    let size = size
    guard size > 1, turns > 1,
      isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else {
      for turn in 0..<turns { body(turn) }
      return
    }
    hire(size - 1)
    withoutActuallyEscaping(body) { body in
      loop = Loop(turns: turns, body: body, helpers: size - 1)
      nextTurn.store(0, ordering: .relaxed)
      phase.add(1, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { bell.ring() }
      takeTurns()
      phase.add(1, ordering: .sequentiallyConsistent)
      while helpers.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
      loop = nil
    }
    isTaken.store(false, ordering: .releasing)
  }

  private func takeTurns() {
    guard let loop else { return }
    while true {
      let turn = nextTurn.add(1, ordering: .relaxed).oldValue
      if turn >= loop.turns { return }
      loop.body(turn)
    }
  }

  /// Sees to it that there are as many members beside the caller.
  private func hire(_ count: Int) {
    while hired < count {
      guard startMember(hired) else { return }
      hired += 1
    }
  }

  /// Starts a thread that lives as long as the process; false where the system refuses.
  private func startMember(_ number: Int) -> Bool {
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let member = Unmanaged.passRetained(Member(team: self, number: number))
    let code = pthread_create(
      &thread, nil,
      { context in
        // Darwin hands a pointer on, glibc an optional one.
        let context: UnsafeMutableRawPointer? = context
        let member = Unmanaged<Member>.fromOpaque(context!).takeUnretainedValue()
        member.team.attend(as: member.number)
      }, member.toOpaque())
    if code != 0 { member.release() }
    return code == 0
  }

  /// What a thread is started with.
  private final class Member {
    let team: ThreadTeam
    let number: Int

    init(team: ThreadTeam, number: Int) {
      self.team = team
      self.number = number
    }
  }

  /// What a member does all its life.
  private func attend(as number: Int) -> Never {
    var lastPhase = 0
    var idleLooks = 0
    while true {
      let current = phase.load(ordering: .sequentiallyConsistent)
      if current % 2 == 1, current != lastPhase {
        helpers.add(1, ordering: .sequentiallyConsistent)
        // The caller ends the phase before it looks whether there are helpers: one of the two sees the other.
        if phase.load(ordering: .sequentiallyConsistent) == current { help(as: number) }
        helpers.subtract(1, ordering: .sequentiallyConsistent)
        lastPhase = current
        idleLooks = 0
      } else if idleLooks < Self.patience {
        idleLooks += 1
        sched_yield()
      } else {
        bell.wait {
          sleepers.add(1, ordering: .sequentiallyConsistent)
          return phase.load(ordering: .sequentiallyConsistent) == current
        }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        idleLooks = 0
      }
    }
  }

  /// Takes turns, if the loop is for so many.
  private func help(as number: Int) {
    if let loop, number < loop.helpers { takeTurns() }
  }

  /// How often a member looks for work, a fraction of a microsecond each time, before it sleeps.
  private static let patience = 500
}

/// What threads sleep by until it rings.
private final class Bell: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  /// Sleeps until the next ring, or for no reason at all, unless `isQuiet` says no; nobody rings while it is asked.
  func wait(if isQuiet: () -> Bool) {
    pthread_mutex_lock(mutex)
    if isQuiet() { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }

  func ring() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}
