import CSodium

/// SHA-256 of some bytes (FIPS 180-4), by libsodium.
public struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
  /// The 32 bytes of the digest.
  public let bytes: [UInt8]

  /// The digest of bytes in memory.
  public init(of message: [UInt8]) {
    var hash = SHA256()
    message.withUnsafeBytes { hash.update($0) }
    bytes = hash.digest()
  }

  /// The digest of a mapped file, read in pieces that leave memory again.
  package init(of file: MappedFile) throws(FileError) {
    var hash = SHA256()
    try file.forEachPiece(of: 0..<file.count) { piece throws(FileError) in hash.update(piece) }
    bytes = hash.digest()
  }

  /// 64 hexadecimal digits.
  public var description: String { bytes.map(hexadecimal).joined() }
}

private func hexadecimal(_ byte: UInt8) -> String {
  (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

/// SHA-256 of bytes that come in pieces.
private struct SHA256 {
  private var state = crypto_hash_sha256_state()

  init() {
    // Chooses the machine's implementations; a second time it does nothing.
    precondition(sodium_init() >= 0, "libsodium cannot start")
    crypto_hash_sha256_init(&state)
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    crypto_hash_sha256_update(&state, start.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
  }

  mutating func digest() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(crypto_hash_sha256_BYTES)) { buffer, count in
      crypto_hash_sha256_final(&state, buffer.baseAddress!)
      count = buffer.count
    }
  }
}
