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
