// Built with -sanitize=fuzzer only (`Tests/Fuzzing/fuzz guided`): libFuzzer chooses the inputs by the code that they
// reach.
#if COVERAGE_GUIDED
  #if canImport(Glibc)
    import Glibc
  #else
    import Darwin
  #endif

  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  /// The target that the variable DEQ_FUZZ_TARGET names.
  private let target: FuzzTarget = {
    let name = getenv("DEQ_FUZZ_TARGET").map { String(cString: $0) } ?? "chain"
    guard let target = FuzzTarget(rawValue: name) else { fatalError("DEQ_FUZZ_TARGET: no target \(name)") }
    return target
  }()

  /// Ends the process; within a command, `exit` is the argument parser's.
  private func end(_ status: Int32) -> Never { exit(status) }

  extension Fuzzing {
    static func main() {
      var count = CommandLine.argc
      var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
      let status = runDriver(&count, &arguments) { start, count in
        _ = target.run(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
      }
      end(status)
    }
  }
#endif
