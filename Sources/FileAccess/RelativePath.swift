#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The path of an existing file relative to the folder of another, which need not exist:
/// `../weights/model.onnx`.
///
/// A symbolic link keeps its own name, since its target may change.
package func relativePath(to path: String, fromFolderOf target: String) -> String {
  guard let home = realPath(folder(of: path)), let start = realPath(folder(of: target)) else { return path }
  let (to, from) = (home.split(separator: "/") + [fileName(of: path)[...]], start.split(separator: "/"))
  let shared = zip(to, from).prefix { $0 == $1 }.count
  return ([Substring](repeating: "..", count: from.count - shared) + to[shared...]).joined(separator: "/")
}

/// The folder of a path, with its slash; `.` for a name in the current folder.
package func folder(of path: String) -> String {
  path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
}

/// The last part of a path.
package func fileName(of path: String) -> String {
  path.lastIndex(of: "/").map { String(path[$0...].dropFirst()) } ?? path
}

/// The path that a name in a file refers to, relative to the folder of that file.
package func path(_ name: String, fromFolderOf file: String) -> String {
  guard let slash = file.lastIndex(of: "/") else { return name }
  return file[...slash] + name
}

/// The path without symbolic links, or nil if there is no such file.
package func realPath(_ path: String) -> String? {
  guard let resolved = realpath(systemName(path), nil) else { return nil }
  defer { free(resolved) }
  return text(
    ofSystemName: UnsafeBufferPointer(start: resolved, count: strlen(resolved)).lazy.map {
      UInt8(bitPattern: $0)
    })
}
