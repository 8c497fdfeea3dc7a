#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// AddressSanitizer and ThreadSanitizer, which have limits of their own: each reserves terabytes of address space, each
/// notes what the program does to its memory, and the second keeps its notes in a file.
public enum Sanitizer {
  /// Whether one of them watches this process, and the programs that were built with it.
  public static var isOn: Bool {
    let program = dlopen(nil, RTLD_NOW)
    let beginnings: [String] = ["__asan_init", "__tsan_init"]
    return beginnings.contains { dlsym(program, $0) != nil }
  }
}
