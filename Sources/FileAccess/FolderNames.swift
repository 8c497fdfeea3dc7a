#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The names in a folder, sorted, without those that begin with a dot.
///
/// - Throws: `FileError` of kind `noInput` if it cannot be opened as a folder.
package func namesInFolder(_ folder: String) throws(FileError) -> [String] {
  guard let stream = opendir(systemName(folder)) else {
    throw FileError(.noInput, file: folder, cannot: "opened as a folder", code: errno)
  }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
        text(ofSystemName: UnsafeBufferPointer(start: bytes, count: strlen(bytes)))
      }
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
  return names.sorted()
}

/// Whether a path leads to a folder.
package func isFolder(_ path: String) -> Bool {
  var status = stat()
  return path != "-" && stat(systemName(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Makes a folder, and those that it lies in, where they are missing.
///
/// - Throws: `FileError` of kind `cannotCreate`.
package func makeFolder(_ path: String) throws(FileError) {
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw FileError(.cannotCreate, file: path, "expected the path of a folder, found \(quoted(path))")
  }
  guard mkdir(systemName(path), 0o777) != 0 else { return }
  let code = errno
  if code == EEXIST {
    guard isFolder(path) else {
      throw FileError(.cannotCreate, file: path, "expected a folder to write into, found a file")
    }
    return
  }
  let parent = folder(of: path.hasSuffix("/") ? String(path.dropLast()) : path)
  guard code == ENOENT, parent.count < path.count, parent != "." else {
    throw FileError(.cannotCreate, file: path, cannot: "created", code: code)
  }
  try makeFolder(parent)
  guard mkdir(systemName(path), 0o777) == 0 || errno == EEXIST else {
    throw FileError(.cannotCreate, file: path, cannot: "created", code: errno)
  }
}
