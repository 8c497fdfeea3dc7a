import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Folders of fixtures.
enum Folder {
  /// All folders at or below `root` that hold an expected.json, in the order of their names.
  static func fixtures(under root: String) throws -> [String] {
    var found: [String] = []
    var pending = [root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root]
    while let folder = pending.popLast() {
      let entries = try entries(of: folder)
      if entries.contains("expected.json") { found.append(folder) }
      for entry in entries where isFolder("\(folder)/\(entry)") { pending.append("\(folder)/\(entry)") }
    }
    return found.sorted()
  }

  /// The network files of a fixture, in the order in which they are stacked.
  static func networks(in folder: String) throws -> [String] {
    for name in ["mlp.json", "network.json", "network.onnx"] where exists("\(folder)/\(name)") {
      return ["\(folder)/\(name)"]
    }
    var stack: [String] = []
    while exists("\(folder)/\(stack.count + 1).json") { stack.append("\(folder)/\(stack.count + 1).json") }
    if stack.isEmpty {
      throw CommandFailure(
        .noInput, "\(folder): expected mlp.json, network.json, network.onnx or 1.json, found none of them")
    }
    return stack
  }

  /// Whether there is anything of this name.
  static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted, without those that begin with a dot.
  private static func entries(of folder: String) throws -> [String] {
    guard let stream = opendir(folder) else {
      throw CommandFailure(
        .noInput, "\(folder): cannot be opened as a folder: \(String(cString: strerror(errno)))")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
