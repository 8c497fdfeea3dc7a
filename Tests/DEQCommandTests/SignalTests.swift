import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Signals while a model is being written and checked.
@Suite struct SignalTests {
  /// Starts a conversion that takes long, waits for its temporary file, and sends a signal.
  private func interrupt(with signal: Int32, in folder: TemporaryFolder) throws -> Int32 {
    // Every solver needs many rounds of two thousand blocks here.
    try folder.write(Examples.ring(2000), to: "ring.json")
    try folder.write("before", to: "ring.deq.json")
    let process = folder.start(["convert", "ring.json", "--force"])
    while !folder.names.contains(where: { $0.hasSuffix(".tmp") }), kill(process.identifier, 0) == 0 {
      usleep(1000)
      var status: Int32 = 0
      // Ended already: nothing to interrupt, and the expectations will say so.
      if waitpid(process.identifier, &status, WNOHANG) == process.identifier { return status }
    }
    kill(process.identifier, signal)
    return process.wait()
  }

  @Test(
    "What can be caught leaves no temporary file, and the target as it was",
    arguments: [SIGINT, SIGTERM, SIGHUP])
  func cleanUp(signal: Int32) throws {
    let folder = TemporaryFolder()
    #expect(try interrupt(with: signal, in: folder) == 128 + signal)
    #expect(folder.names == ["ring.deq.json", "ring.json"])
    #expect(try folder.text(of: "ring.deq.json") == "before")
  }

  @Test("A kill leaves the target as it was, and at most a temporary file that says whose it is")
  func kill9() throws {
    let folder = TemporaryFolder()
    #expect(try interrupt(with: SIGKILL, in: folder) == 128 + SIGKILL)
    #expect(try folder.text(of: "ring.deq.json") == "before")
    for name in folder.names where name != "ring.deq.json" && name != "ring.json" {
      #expect(name.hasPrefix(".deq-") && name.hasSuffix(".tmp"))
    }
  }

  @Test("A signal that the caller has ignored stays ignored")
  func ignored() throws {
    let folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    let outcome = try folder.shell(
      """
      trap '' HUP; mkfifo model
      "$DEQ" inspect - < model & child=$!
      exec 3> model; kill -HUP $child; cat mlp.json >&3; exec 3>&-; wait $child
      """)
    expectQuiet(outcome)
    #expect(outcome.firstLine == "network: -")
  }
}
