import Synchronization

/// Whether a file may refer to files outside its own folder.
public enum FileConfinement {
  private static let allowsOutside = Atomic<Bool>(false)

  /// Lets every file that the process reads from now on refer to files outside its own folder.
  public static func allowOutside() { allowsOutside.store(true, ordering: .relaxed) }

  /// Whether the file at `path` may be read because the file `origin` names it: it lies in the folder of `origin` or
  /// below, through links, or anything is allowed. A file that does not exist is for its reader to refuse.
  package static func allows(_ path: String, namedBy origin: String) -> Bool {
    if allowsOutside.load(ordering: .relaxed) { return true }
    guard let file = realPath(path) else {
      return isLexicallyInside(path, folder: FileAccess.folder(of: origin))
    }
    return isInside(file, folderOf: origin)
  }

  /// Whether a path without links lies in the folder of a file or below; if that file is itself a link, the folder of
  /// its target counts too.
  package static func isInside(_ file: String, folderOf origin: String) -> Bool {
    let folders = [FileAccess.folder(of: origin), realPath(origin).map(FileAccess.folder)]
    return folders.contains { folder in
      guard let folder = folder.flatMap(realPath) else { return false }
      return file == folder || file.hasPrefix(folder == "/" ? "/" : folder + "/")
    }
  }

  /// The path of a file that `origin` names: `path`, which is beside it, or, if there is none and `origin` is a link,
  /// the same name beside its target.
  package static func existing(_ path: String, _ name: String, namedBy origin: String) -> String {
    guard realPath(path) == nil, let target = realPath(origin) else { return path }
    let beside = FileAccess.path(name, fromFolderOf: target)
    return realPath(beside) == nil ? path : beside
  }

  /// Whether a path that does not exist stays in a folder by its spelling, so that a refusal does not tell which files
  /// exist elsewhere.
  private static func isLexicallyInside(_ path: String, folder: String) -> Bool {
    let rest = folder != "." && path.hasPrefix(folder) ? path.dropFirst(folder.count) : path[...]
    return !rest.split(separator: "/").contains("..")
  }
}
