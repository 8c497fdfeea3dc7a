import Synchronization

/// Whether a file may refer to files outside its own folder.
public enum FileConfinement {
  private static let allowsOutside = Atomic<Bool>(false)

  /// Lets every file that the process reads from now on refer to files outside its own folder.
  public static func allowOutside() { allowsOutside.store(true, ordering: .relaxed) }

  /// Whether the file at `path` may be read because a file in the folder of `origin` names it: it lies in that folder
  /// or below, through links, or anything is allowed. A file that does not exist is for its reader to refuse.
  package static func allows(_ path: String, namedBy origin: String) -> Bool {
    if allowsOutside.load(ordering: .relaxed) { return true }
    let folder = FileAccess.folder(of: origin)
    guard let file = realPath(path) else { return isLexicallyInside(path, folder: folder) }
    guard let folder = realPath(folder) else { return false }
    return file == folder || file.hasPrefix(folder == "/" ? "/" : folder + "/")
  }

  /// Whether a path that does not exist stays in a folder by its spelling, so that a refusal does not tell which files
  /// exist elsewhere.
  private static func isLexicallyInside(_ path: String, folder: String) -> Bool {
    let rest = folder != "." && path.hasPrefix(folder) ? path.dropFirst(folder.count) : path[...]
    return !rest.split(separator: "/").contains("..")
  }
}
