#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a test asks of the system it runs on.
enum Files {
  /// Whether there is anything of this name.
  static func exist(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether permissions mean nothing.
  static var isRoot: Bool { geteuid() == 0 }

  /// The permissions of a file.
  static func mode(of path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  /// Sets the permissions of a file.
  static func setMode(_ mode: mode_t, of path: String) { chmod(path, mode) }

  /// Makes a symbolic link.
  static func link(_ path: String, to target: String) { symlink(target, path) }

  /// The target of a symbolic link, or nil where it is none.
  static func target(of path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    return count < 0
      ? nil : String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
