import Synchronization
import Testing

@testable import LinearAlgebra

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct ThreadPoolTests {
  /// How often each iteration ran.
  private final class Tally: Sendable {
    let counts: Mutex<[Int]>

    init(_ iterations: Int) { counts = Mutex([Int](repeating: 0, count: iterations)) }

    func count(_ iteration: Int) { counts.withLock { $0[iteration] += 1 } }
    var allRanOnce: Bool { counts.withLock { $0.allSatisfy { $0 == 1 } } }
  }

  @Test("Each iteration runs once, whatever the numbers of threads and iterations", arguments: [1, 2, 3, 8])
  func everyIteration(size: Int) {
    let pool = ThreadPool(size: size)
    for iterations in [0, 1, 2, 3, 7, 64, 1000] {
      let tally = Tally(iterations)
      pool.run(iterations) { tally.count($0) }
      #expect(tally.allRanOnce, "\(iterations) iterations on \(size) threads")
    }
  }

  @Test("Loops one after the other, more than workers can keep up with, are each complete when they return")
  func manyLoops() {
    let pool = ThreadPool(size: 4)
    var incomplete = 0
    for _ in 0..<5000 {
      let tally = Tally(4)
      pool.run(4) { tally.count($0) }
      if !tally.allRanOnce { incomplete += 1 }
    }
    #expect(incomplete == 0)
  }

  @Test("A loop within a loop, and loops from several threads at a time, are complete")
  func nestedAndConcurrent() async {
    let pool = ThreadPool(size: 3)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<200).allSatisfy { _ in
            let tally = Tally(36)
            pool.run(6) { outer in pool.run(6) { inner in tally.count(6 * outer + inner) } }
            return tally.allRanOnce
          }
        }
      }
      for await isComplete in group { #expect(isComplete) }
    }
  }

  @Test("Workers take part, and no more of them than the pool has")
  func workers() {
    let pool = ThreadPool(size: 3)
    func threadsThatJoin() -> Int {
      // Each iteration waits for another thread's, a little while.
      let present = Mutex(Set<UInt>())
      for _ in 0..<50 {
        pool.run(6) { _ in
          for _ in 0..<100 {
            let count = present.withLock { threads in
              threads.insert(UInt(pthread_self()))
              return threads.count
            }
            if count == pool.size { break }
            sched_yield()
          }
        }
      }
      return present.withLock { $0.count }
    }
    #expect(threadsThatJoin() > 1)
    pool.setSize(2)
    #expect(threadsThatJoin() <= 2)
    pool.setSize(1)
    #expect(threadsThatJoin() == 1)
  }

  @Test("Parts cover everything once, in multiples of the alignment, and small loops stay whole")
  func parts() {
    for (count, grain, alignment) in [(0, 1, 1), (5, 4, 1), (100, 10, 16), (1000, 1, 1), (33, 2, 16)] {
      let parts = Mutex<[Range<Int>]>([])
      inParts(of: count, grain: grain, alignment: alignment) { part in parts.withLock { $0.append(part) } }
      let sorted = parts.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
      #expect(sorted.first?.lowerBound == 0 && sorted.last?.upperBound == count)
      for (part, next) in zip(sorted, sorted.dropFirst()) {
        #expect(part.upperBound == next.lowerBound && part.upperBound % alignment == 0)
      }
    }
  }
}
