#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// libFuzzer chooses the inputs by the code that they reach (`Tests/Fuzzing/fuzz guided`). Only a program that is built
// with -sanitize=fuzzer has it; all else here is compiled in every build, so that it does not fall behind.
#if COVERAGE_GUIDED
  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  extension Fuzzing {
    static func main() { CoverageGuided.run() }
  }
#else
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32 { fatalError("built without libFuzzer") }
#endif

/// A run of libFuzzer with the arguments of this process.
enum CoverageGuided {
  /// The target that the variable DEQ_FUZZ_TARGET names.
  private static let target: FuzzTarget = {
    let name = getenv("DEQ_FUZZ_TARGET").map { String(cString: $0) } ?? "chain"
    guard let target = FuzzTarget(rawValue: name) else { fatalError("DEQ_FUZZ_TARGET: no target \(name)") }
    return target
  }()

  /// Runs until libFuzzer ends, and ends the process with its status.
  static func run() -> Never {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    let status = runDriver(&count, &arguments) { start, count in
      _ = target.run(Array(UnsafeBufferPointer(start: start, count: count)))
      return 0
    }
    exit(status)
  }
}
