import COpenBLAS
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The threads that share the iterations of a parallel loop, including the calling thread.
///
/// A loop in a layer takes some ten microseconds, as long as waking a thread. So an idle worker polls for the next loop
/// for a while, yielding its core to others, before it sleeps. A loop ends when its iterations are done, even if some
/// workers are not awake yet. OpenBLAS is limited to one thread, because its threads would compete with these.
///
/// One loop runs in parallel at a time. A nested loop, or one from another thread of the program, runs on its caller
/// alone. The iterations are the same in both cases, and so are all results.
final class ThreadPool: @unchecked Sendable {
  /// The pool of the process.
  static let shared: ThreadPool = {
    let size = Int(openblas_get_num_threads())
    openblas_set_num_threads(1)
    return ThreadPool(size: size)
  }()

  private struct Loop {
    let iterations: Int
    let body: (Int) -> Void
    /// How many workers may take part.
    let workerLimit: Int
  }

  private let sizeLimit: Atomic<Int>
  /// Whether a caller is using the pool.
  private let isTaken = Atomic(false)
  /// Odd while a loop is running; counts up.
  private let phase = Atomic(0)
  /// How many workers are accessing the loop.
  private let activeWorkers = Atomic(0)
  /// The next iteration that no thread has taken.
  private let nextIteration = Atomic(0)
  private let sleepingWorkers = Atomic(0)
  private let wakeUp = ConditionVariable()
  // Both belong to the caller that is using the pool. Workers read the loop between the two changes of the phase.
  private var loop: Loop?
  private var workerCount = 0

  /// A pool of `size` threads, which are started when they are first needed, and never end.
  init(size: Int) {
    sizeLimit = Atomic(size)
  }

  /// The largest number of threads of a loop.
  var size: Int { sizeLimit.load(ordering: .relaxed) }

  func setSize(_ size: Int) { sizeLimit.store(size, ordering: .relaxed) }

  /// Calls `body` for each index below `iterations`, in no particular order.
  func run(_ iterations: Int, _ body: (Int) -> Void) {
    let size = size
    guard size > 1, iterations > 1,
      isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else {
      for iteration in 0..<iterations { body(iteration) }
      return
    }
    startWorkers(size - 1)
    withoutActuallyEscaping(body) { body in
      loop = Loop(iterations: iterations, body: body, workerLimit: size - 1)
      nextIteration.store(0, ordering: .relaxed)
      phase.add(1, ordering: .sequentiallyConsistent)
      if sleepingWorkers.load(ordering: .sequentiallyConsistent) > 0 { wakeUp.broadcast() }
      runIterations()
      phase.add(1, ordering: .sequentiallyConsistent)
      while activeWorkers.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
      loop = nil
    }
    isTaken.store(false, ordering: .releasing)
  }

  private func runIterations() {
    guard let loop else { return }
    while true {
      let iteration = nextIteration.add(1, ordering: .relaxed).oldValue
      if iteration >= loop.iterations { return }
      loop.body(iteration)
    }
  }

  /// Starts workers until there are `count` of them, or the system refuses.
  private func startWorkers(_ count: Int) {
    while workerCount < count {
      guard startWorker(workerCount) else { return }
      workerCount += 1
    }
  }

  /// Starts a thread that lives as long as the process; false if the system refuses.
  private func startWorker(_ number: Int) -> Bool {
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let worker = Unmanaged.passRetained(Worker(pool: self, number: number))
    let code = pthread_create(
      &thread, nil,
      { context in
        // Darwin passes a pointer, glibc an optional one.
        let context: UnsafeMutableRawPointer? = context
        let worker = Unmanaged<Worker>.fromOpaque(context!).takeUnretainedValue()
        worker.pool.runWorker(worker.number)
      }, worker.toOpaque())
    if code != 0 { worker.release() }
    return code == 0
  }

  /// The argument of a worker's thread.
  private final class Worker {
    let pool: ThreadPool
    let number: Int

    init(pool: ThreadPool, number: Int) {
      self.pool = pool
      self.number = number
    }
  }

  /// The main loop of a worker.
  private func runWorker(_ number: Int) -> Never {
    var lastPhase = 0
    var idlePolls = 0
    while true {
      let current = phase.load(ordering: .sequentiallyConsistent)
      if current % 2 == 1, current != lastPhase {
        activeWorkers.add(1, ordering: .sequentiallyConsistent)
        // The caller ends the phase before it checks for active workers, so one of the two sees the other.
        if phase.load(ordering: .sequentiallyConsistent) == current { takePart(number) }
        activeWorkers.subtract(1, ordering: .sequentiallyConsistent)
        lastPhase = current
        idlePolls = 0
      } else if idlePolls < Self.pollLimit {
        idlePolls += 1
        sched_yield()
      } else {
        wakeUp.wait {
          sleepingWorkers.add(1, ordering: .sequentiallyConsistent)
          return phase.load(ordering: .sequentiallyConsistent) == current
        }
        sleepingWorkers.subtract(1, ordering: .sequentiallyConsistent)
        idlePolls = 0
      }
    }
  }

  /// Runs iterations of the loop, if it may use this worker.
  private func takePart(_ number: Int) {
    if let loop, number < loop.workerLimit { runIterations() }
  }

  /// How often a worker polls for a loop, a fraction of a microsecond each time, before it sleeps.
  private static let pollLimit = 500
}

/// A POSIX condition variable with its mutex.
private final class ConditionVariable: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  /// Sleeps until the next `broadcast` if `predicate`, called under the mutex, is true. It may return without one.
  func wait(if predicate: () -> Bool) {
    pthread_mutex_lock(mutex)
    if predicate() { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }

  /// Wakes all threads that sleep in `wait`.
  func broadcast() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}
