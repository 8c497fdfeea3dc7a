import TestSupport
import Testing

/// A command that is killed, at whatever system call, leaves the old result or the new one, and no temporary file
/// that a later command would take for a result.
@Suite(.enabled(if: Files.exist("/usr/bin/strace"))) struct KilledWriterTests {
  /// What a command writes.
  enum Output: CaseIterable {
    case description
    case pair
    case onnx

    /// The file that a reader names.
    var name: String { self == .onnx ? "m.onnx" : "m.json" }

    /// The arguments that write the model of `a.json` or `b.json`.
    func arguments(_ model: String) -> [String] {
      switch self {
      case .description: ["convert", "\(model).json", "-o", name]
      case .pair: ["convert", "\(model).json", "-o", name, "--weights", "safetensors"]
      case .onnx: ["export", "\(model).json", "--to", "onnx", "-o", name]
      }
    }
  }

  /// One system call of a process: the `count`th of its name.
  struct SystemCall: CustomStringConvertible {
    let name: String
    let count: Int

    var description: String { "\(name) \(count)" }

    /// Whether it changes which files have which names, or orders such changes.
    var changesNames: Bool {
      ["rename", "renameat2", "link", "unlink", "fsync", "flock"].contains(name)
    }
  }

  /// The calls of the allocator and of threads: how many there are differs from run to run.
  private static let ofMemory: Set = [
    "brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "mbind", "futex", "sched_yield",
  ]

  let folder = TemporaryFolder()

  init() throws {
    for (name, scale) in [("a", 1), ("b", 2)] {
      let weight = [[1, 2], [3, 4]].map { $0.map { $0 * scale } }
      try folder.write(
        #"""
        {"format": "network", "version": 1, "input": [2], "layers": [
         {"type": "dense", "name": "\#(name)", "weight": \#(weight)}]}
        """#, to: "\(name).json")
    }
    try folder.write(#"{"input": [[1, 1]]}"#, to: "x.json")
  }

  /// The main thread's system calls from the first one that names a temporary file to the end, in order.
  private func callsWhileWriting(_ command: String) throws -> [SystemCall] {
    let outcome = try folder.shell("strace -o calls \(command)")
    try #require(outcome.status == 0, "\(outcome.complaint)")
    var counts: [String: Int] = [:]
    var (calls, isWriting): ([SystemCall], Bool) = ([], false)
    for line in lines(of: try folder.text(of: "calls")) {
      guard let end = line.firstIndex(of: "("), !line.hasPrefix("+") else { continue }
      let name = String(line[..<end])
      counts[name, default: 0] += 1
      isWriting = isWriting || line.contains(".deq-")
      if isWriting { calls.append(SystemCall(name: name, count: counts[name]!)) }
    }
    return calls
  }

  /// Which model the result holds, `a` or `b`; nil where there is no result, or one that a reader refuses.
  private func model(in output: Output) throws -> String? {
    let outcome = try folder.deq("evaluate", output.name, "--input", "x.json")
    return [("a", "[3,7]"), ("b", "[6,14]")].first { outcome.status == 0 && outcome.text.contains($0.1) }?.0
  }

  @Test(
    "Killed at every system call from the first output on: the old result or the new one",
    arguments: Output.allCases, [true, false])
  func killedWhileWriting(_ output: Output, isReplacing: Bool) throws {
    let command = "\"$DEQ\" \(output.arguments("b").joined(separator: " "))\(isReplacing ? " --force" : "")"
    _ = try folder.deq(output.arguments("a"))
    let restore = isReplacing ? "cp old/* ." : "true"
    _ = try folder.shell("mkdir old && mv m.* old; \(restore)")
    let calls = try callsWhileWriting(command)
    #expect(calls.count > 15 && calls.contains { $0.name == "rename" || $0.name == "renameat2" })
    var found: [String?] = []
    let chosen = calls.filter(\.changesNames) + campaign(calls.filter { !$0.changesNames }, least: 4)
    for call in chosen {
      let outcome = try folder.shell(
        """
        rm -f m.* .deq-*; \(restore)
        strace -qq -o /dev/null -e trace=\(call.name) \
          -e inject=\(call.name):signal=KILL:when=\(call.count) \(command)
        """)
      #expect(outcome.status == 137 || Self.ofMemory.contains(call.name), "not killed at \(call)")
      let result = try model(in: output)
      let isAbsent = !isReplacing && !folder.names.contains(output.name)
      #expect(result != nil || isAbsent, "\(call): \(folder.names)")
      found.append(result)
      #expect(try folder.deq(output.arguments("b") + ["--force"]).status == 0, "after \(call)")
      #expect(try model(in: output) == "b", "after \(call)")
    }
    #expect(found.contains(isReplacing ? "a" : nil))
    if chosen.count == calls.count { #expect(found.contains("b")) }
  }
}
