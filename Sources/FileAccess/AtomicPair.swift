#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A description and the weights file that it names, replaced so that a reader sees the old pair or the new one.
///
/// A description holds the digest of its weights file. Two renames are not one step, so a reader may find the old
/// description beside the new weights. For that moment the old weights have a second name, which contains their
/// digest (`alternative`), and a reader looks there. A process that is killed in between leaves that name behind,
/// and the old description stays readable. Writers in one folder take turns by a lock on it.
public struct AtomicPair {
  private let weights: AtomicFile
  private let description: AtomicFile

  /// The pair of two files that are complete and checked.
  public init(weights: AtomicFile, description: AtomicFile) {
    self.weights = weights
    self.description = description
  }

  /// The second name of weights with this digest: `m.deq.safetensors.0123456789abcdef`.
  package static func alternative(to path: String, digest: SHA256Digest) -> String {
    "\(path).\(digest.description.prefix(16))"
  }

  /// Gives both files their names, or neither.
  ///
  /// - Parameter replacing: Whether different files at these paths are replaced.
  /// - Throws: `FileError`; the old pair is then in place, and no temporary file is left.
  public func commit(replacing: Bool) throws(FileError) {
    let lock = FolderLock(of: weights.path)
    defer { lock.release() }
    let isFirst = FileIdentity(at: weights.path) == nil
    let old = try savedWeights()
    do throws(FileError) {
      if !replacing, try description.compareWithTarget() == .different {
        throw AtomicFile.exists(description.path)
      }
      try weights.commit(replacing: replacing)
    } catch {
      if let old { unlink(systemName(old)) }
      weights.discard()
      description.discard()
      throw error
    }
    do throws(FileError) {
      try description.commit(replacing: replacing)
    } catch {
      if let old {
        rename(systemName(old), systemName(weights.path))
      } else if isFirst {
        unlink(systemName(weights.path))
      }
      throw error
    }
    if let old { unlink(systemName(old)) }
  }

  /// The second name given to the weights that will be replaced; nil if there are none, or they stay.
  private func savedWeights() throws(FileError) -> String? {
    guard try weights.compareWithTarget() == .different,
      let digest = try? SHA256Digest(ofFileAt: weights.path)
    else { return nil }
    let name = AtomicPair.alternative(to: weights.path, digest: digest)
    // A file system without hard links leaves a moment in which readers refuse the pair.
    return link(systemName(weights.path), systemName(name)) == 0 || errno == EEXIST ? name : nil
  }
}

/// A lock on the folder of a file, for processes that replace several files in it. A file system without locks is no
/// error: a mixed pair is then refused by its digest.
private struct FolderLock {
  private let descriptor: Int32

  init(of path: String) {
    descriptor = open(systemName(folder(of: path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 { while flock(descriptor, LOCK_EX) != 0, errno == EINTR {} }
  }

  func release() {
    if descriptor >= 0 { close(descriptor) }
  }
}
