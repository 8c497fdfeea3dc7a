#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The path of an existing file as seen from the folder of another, which need not exist: `../weights/model.onnx`.
func relativePath(to path: String, fromFolderOf target: String) -> String {
  let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "."
  guard let file = realPath(path), let start = realPath(folder) else { return path }
  let (to, from) = (file.split(separator: "/"), start.split(separator: "/"))
  let shared = zip(to, from).prefix { $0 == $1 }.count
  return ([Substring](repeating: "..", count: from.count - shared) + to[shared...]).joined(separator: "/")
}

/// The path that a name in a file means, seen from the folder of that file.
func path(_ name: String, fromFolderOf file: String) -> String {
  guard let slash = file.lastIndex(of: "/") else { return name }
  return file[...slash] + name
}

private func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}
