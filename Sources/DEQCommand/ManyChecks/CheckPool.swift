import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs checks in processes of their own, several at a time, and hands on their records in the order of the list.
struct CheckPool {
  /// How many processes there are at a time.
  let jobs: Int
  /// Whether the only check may read standard input.
  var readsInput = false

  /// Runs all checks.
  ///
  /// - Parameter handle: Gets each record as soon as those before it are there.
  func run(_ checks: [ListedCheck], _ handle: (CheckRecord) throws -> Void) throws {
    var waiting = checks[...]
    var running: [CheckProcess] = []
    var records: [Int: CheckRecord] = [:]
    var next = 0
    defer { for process in running { process.stop() } }
    while next < checks.count {
      while running.count < jobs, let check = waiting.popFirst() {
        running.append(try CheckProcess(check, readsInput: readsInput))
      }
      receive(from: running)
      for (index, process) in running.enumerated().reversed() where process.descriptors.allSatisfy({ $0 < 0 })
      {
        running.remove(at: index)
        records[process.check.number] = try CheckRecord(of: process.check, ending: process.wait())
      }
      while next < checks.count, let record = records.removeValue(forKey: checks[next].number) {
        try handle(record)
        next += 1
      }
    }
  }

  /// Waits until one of the processes has something to say, and reads it.
  private func receive(from processes: [CheckProcess]) {
    var ends: [(process: CheckProcess, index: Int)] = []
    for process in processes {
      for index in process.descriptors.indices where process.descriptors[index] >= 0 {
        ends.append((process, index))
      }
    }
    var polled = ends.map { pollfd(fd: $0.process.descriptors[$0.index], events: Int16(POLLIN), revents: 0) }
    guard !polled.isEmpty, poll(&polled, nfds_t(polled.count), -1) > 0 else { return }
    for (end, state) in zip(ends, polled) where state.revents != 0 { end.process.receive(from: end.index) }
  }
}
