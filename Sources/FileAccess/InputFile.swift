/// A file that a model was read from, and which contents it had.
public struct InputFile: Sendable, Hashable {
  /// The path that it was opened by; `-` is standard input.
  public let path: String
  /// SHA-256 of its bytes.
  public let digest: SHA256Digest

  /// A file with these contents.
  public init(path: String, digest: SHA256Digest) {
    self.path = path
    self.digest = digest
  }

  /// What stands for all files of a model: SHA-256 of their digests, one behind the other.
  public static func identity(of files: [InputFile]) -> SHA256Digest {
    SHA256Digest(of: files.flatMap(\.digest.bytes))
  }
}
