import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The name of a file with one `*`, which stands for any text but the empty one within a name: `before/*.onnx`.
struct FilePattern {
  /// What is before the star, up to the last slash: the folder whose entries may fit.
  private let folder: String
  /// What the entry of the folder begins with.
  private let prefix: String
  /// What the entry ends with.
  private let suffix: String
  /// What follows the entry, beginning with a slash; empty where the entry is the file.
  private let rest: String

  init(_ pattern: String) throws {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw CommandFailure(
        .usage, "--pattern: expected a name with one *, found \(quoted(pattern)) (see deq help check)")
    }
    let begin = parts[0].lastIndex(of: "/").map { parts[0].index(after: $0) } ?? parts[0].startIndex
    let end = parts[1].firstIndex(of: "/") ?? parts[1].endIndex
    (folder, prefix) = (String(parts[0][..<begin]), String(parts[0][begin...]))
    (suffix, rest) = (String(parts[1][..<end]), String(parts[1][end...]))
  }

  /// The name with a text in place of the star.
  func name(with text: String) -> String { folder + prefix + text + suffix + rest }

  /// The text that stands for the star in a name; nil if the name does not fit.
  func text(in name: String) -> String? {
    guard name.hasPrefix(folder), name.hasSuffix(rest) else { return nil }
    let entry = name.dropFirst(folder.count).dropLast(rest.count)
    return entry.contains("/") ? nil : text(inEntry: String(entry))
  }

  /// The texts for which a file exists.
  func texts() throws -> [String] {
    try entries().compactMap(text(inEntry:)).filter { access(systemName(name(with: $0)), F_OK) == 0 }
  }

  private func text(inEntry entry: String) -> String? {
    guard entry.hasPrefix(prefix), entry.hasSuffix(suffix), entry.count > prefix.count + suffix.count,
      !entry.hasPrefix(".") || prefix.hasPrefix(".")
    else { return nil }
    return String(entry.dropFirst(prefix.count).dropLast(suffix.count))
  }

  private func entries() throws -> [String] {
    let path = folder.isEmpty ? "." : folder
    guard let stream = opendir(systemName(path)) else {
      throw CommandFailure(.noInput, "--pattern: expected the folder \(path), found none that can be read")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        DeepEquilibrium.text(ofSystemName: bytes.prefix { $0 != 0 })
      }
      names.append(name)
    }
    return names
  }
}
