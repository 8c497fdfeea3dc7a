import CSodium

/// The random choices of one proof, derived from both models' bytes: the primes and the key of all random
/// functions.
struct FieldChallenge: Sendable {
  /// The digest from which everything is derived.
  let seed: [UInt8]
  /// How many earlier attempts met a zero denominator.
  let attempt: UInt64
  /// The key of the random functions, 32 bytes.
  let key: [UInt8]
  /// The three fields.
  let fields: FieldTriple

  /// The challenge of two models with these identities, 32 bytes each.
  init(first: [UInt8], second: [UInt8], seed: UInt64, attempt: UInt64) {
    let digest = sha256(Array("deq proof 1".utf8) + first + second + seed.bytes + attempt.bytes)
    self.seed = digest
    self.attempt = attempt
    key = blake2b(Array("key".utf8), key: digest, count: 32)
    var primes: [UInt64] = []
    for component in 0..<3 as Range<UInt64> {
      let start = blake2b(Array("prime".utf8) + component.bytes, key: digest, count: 32)
      var candidate = start[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      candidate = candidate & (1 << 60 - 1) | 1 << 60 | 1
      while primes.contains(candidate) || !isPrime(candidate) { candidate += 2 }
      primes.append(candidate)
    }
    fields = FieldTriple(
      first: PrimeField(modulus: primes[0]), second: PrimeField(modulus: primes[1]),
      third: PrimeField(modulus: primes[2]))
  }

  /// The three primes.
  var primes: [UInt64] { [fields.first.modulus, fields.second.modulus, fields.third.modulus] }
}

extension UInt64 {
  /// The number's eight bytes, the least significant first.
  var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}

/// The SHA-256 digest of a message.
func sha256(_ message: [UInt8]) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
  crypto_hash_sha256(&digest, message, UInt64(message.count))
  return digest
}

/// The BLAKE2b digest of a message, `count` bytes long; unkeyed if the key is empty.
func blake2b(_ message: [UInt8], key: [UInt8] = [], count: Int) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: count)
  let status = crypto_generichash(
    &digest, count, message, UInt64(message.count), key.isEmpty ? nil : key, key.count)
  precondition(status == 0, "a digest of \(count) bytes under a key of \(key.count)")
  return digest
}
