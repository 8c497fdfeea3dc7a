#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// AddressSanitizer and ThreadSanitizer, which have limits of their own: each reserves terabytes of address space, and
/// the second keeps what it knows of a program in a file.
enum Sanitizer {
  /// Whether one of them watches this process, and `deq`, which was built with it.
  static var isOn: Bool {
    let program = dlopen(nil, RTLD_NOW)
    let beginnings: [String] = ["__asan_init", "__tsan_init"]
    return beginnings.contains { dlsym(program, $0) != nil }
  }
}
