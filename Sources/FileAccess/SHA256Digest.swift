import CSodium

/// SHA-256 of some bytes (FIPS 180-4), by libsodium.
public struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
  /// The 32 bytes of the digest.
  public let bytes: [UInt8]

  fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

  /// The digest that 64 hexadecimal digits spell; nil for another text.
  package init?(hexadecimal text: String) {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 64, text.utf8.count == 64 else { return nil }
    bytes = stride(from: 0, to: 64, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) }
  }

  /// The digest of bytes in memory.
  public init(of message: [UInt8]) {
    var hash = SHA256()
    message.withUnsafeBytes { hash.update($0) }
    bytes = hash.digest()
  }

  /// The digest of a mapped file, read in pieces whose memory is released.
  package init(of file: MappedFile) throws(FileError) {
    var hash = SHA256()
    try file.forEachPiece(of: 0..<file.count) { piece throws(FileError) in hash.update(piece) }
    bytes = hash.digest()
  }

  /// The digest of the file at a path.
  ///
  /// - Throws: `FileError`, as `MappedFile` does.
  package init(ofFileAt path: String) throws(FileError) {
    try self.init(of: MappedFile(path, isInput: false))
  }

  /// 64 hexadecimal digits.
  public var description: String { bytes.map(hexadecimal).joined() }
}

private func hexadecimal(_ byte: UInt8) -> String {
  (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

/// SHA-256 of bytes that arrive in pieces.
package struct SHA256 {
  private var state = crypto_hash_sha256_state()

  package init() {
    // Chooses the implementation for the machine; calling it again has no effect.
    precondition(sodium_init() >= 0, "libsodium cannot start")
    crypto_hash_sha256_init(&state)
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    crypto_hash_sha256_update(&state, start.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
  }

  /// The digest of all pieces.
  package mutating func finish() -> SHA256Digest { SHA256Digest(bytes: digest()) }

  fileprivate mutating func digest() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(crypto_hash_sha256_BYTES)) { buffer, count in
      crypto_hash_sha256_final(&state, buffer.baseAddress!)
      count = buffer.count
    }
  }
}
