/// A file that a model was read from, and the digest of its contents.
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

  /// The identity of all files of a model: SHA-256 of the concatenated digests.
  public static func identity(of files: [InputFile]) -> SHA256Digest {
    SHA256Digest(of: files.flatMap(\.digest.bytes))
  }
}
