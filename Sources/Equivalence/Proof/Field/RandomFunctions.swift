import CFieldArithmetic
import CSodium
import LinearAlgebra

/// The name of a random function, represented by its hash.
struct FunctionSymbol: Sendable {
  /// The two halves of the name's digest.
  fileprivate let digest: (UInt64, UInt64)

  /// The symbol of this name.
  init(_ text: String) {
    let bytes = blake2b(Array(text.utf8), count: 16)
    let halves = [bytes[..<8], bytes[8...]].map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    digest = (halves[0], halves[1])
  }
}

/// How many digests fit into a core's first-level cache.
private let hashesAtOnce = 256

/// Functions into the fields whose values cannot be predicted without their key: the uninterpreted
/// functions of a proof.
struct RandomFunctions: Sendable {
  /// The fields.
  let fields: FieldTriple
  /// Their key.
  let key: [UInt8]

  /// The functions of a challenge.
  init(_ challenge: FieldChallenge) {
    precondition(sodium_init() >= 0, "libsodium cannot start")
    fields = challenge.fields
    key = challenge.key
  }

  /// The values of a function at the integers 0..<count, or their scaled images: first the components in the first field,
  /// then those in the second and in the third.
  func components(_ symbol: FunctionSymbol, count: Int, scaled: Bool = false) -> [UInt64] {
    let words = stride(from: 0, to: 32, by: 8).map { start in
      key[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    // The factor that turns 2⁻⁶⁴ times a digest into its remainder, or into the scaled image of that.
    let scales = (0..<3).map { scaled ? fields[$0].scaled(fields[$0].scale) : fields[$0].scale }
    return [UInt64](unsafeUninitializedCapacity: 3 * count) { components, initialized in
      let target = components.baseAddress!
      inParts(of: count, grain: hashesAtOnce) { part in
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 6 * hashesAtOnce) { digests in
          for start in stride(from: part.lowerBound, to: part.upperBound, by: hashesAtOnce) {
            let number = min(hashesAtOnce, part.upperBound - start)
            hash_numbers(
              words, symbol.digest.0, symbol.digest.1, UInt64(start), number, digests.baseAddress!)
            for component in 0..<3 {
              let (field, scale) = (fields[component], scales[component])
              for index in 0..<number {
                let place = 6 * index + 2 * component
                let rest = field.reduced(digests[place + 1], digests[place])
                (target + component * count + start + index).initialize(
                  to: field.product(scaled: scale, rest))
              }
            }
          }
        }
      }
      initialized = 3 * count
    }
  }

  /// The value of a function at integers and one element.
  func value(_ symbol: FunctionSymbol, _ integers: UInt64..., at t: FieldElement) -> FieldElement {
    hash(symbol, integers, [t])
  }

  /// The value of a function at integers and elements.
  func hash(_ symbol: FunctionSymbol, _ integers: [UInt64], _ elements: [FieldElement]) -> FieldElement {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 + integers.count + 3 * elements.count) {
      words in
      words[0] = symbol.digest.0.littleEndian
      words[1] = symbol.digest.1.littleEndian
      for (index, integer) in integers.enumerated() { words[2 + index] = integer.littleEndian }
      var next = 2 + integers.count
      for element in elements {
        words[next] = element.first.littleEndian
        words[next + 1] = element.second.littleEndian
        words[next + 2] = element.third.littleEndian
        next += 3
      }
      return hash(UnsafeRawBufferPointer(words))
    }
  }

  /// The value of a function at one element, without integers: the common case of activations.
  func hash(_ symbol: FunctionSymbol, _ t: FieldElement) -> FieldElement {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 5) { words in
      words[0] = symbol.digest.0.littleEndian
      words[1] = symbol.digest.1.littleEndian
      words[2] = t.first.littleEndian
      words[3] = t.second.littleEndian
      words[4] = t.third.littleEndian
      return hash(UnsafeRawBufferPointer(words))
    }
  }

  private func hash(_ message: UnsafeRawBufferPointer) -> FieldElement {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 6) { digest in
      _ = crypto_generichash(
        UnsafeMutableRawPointer(digest.baseAddress!).assumingMemoryBound(to: UInt8.self), 48,
        message.bindMemory(to: UInt8.self).baseAddress, UInt64(message.count), key, key.count)
      func component(_ index: Int, _ field: PrimeField) -> UInt64 {
        field.remainder(UInt64(littleEndian: digest[2 * index + 1]), UInt64(littleEndian: digest[2 * index]))
      }
      return FieldElement(
        component(0, fields.first), component(1, fields.second), component(2, fields.third))
    }
  }

  /// The representative of t and −t for an even function: the one with the smaller first component that
  /// differs.
  func canonical(_ t: FieldElement) -> (element: FieldElement, isNegated: Bool) {
    let negative = fields.negative(t)
    return negative < t ? (negative, true) : (t, false)
  }

  /// The value of an even function.
  func even(_ symbol: FunctionSymbol, _ integers: [UInt64] = [], at t: FieldElement) -> FieldElement {
    integers.isEmpty ? hash(symbol, canonical(t).element) : hash(symbol, integers, [canonical(t).element])
  }

  /// The value of an odd function.
  func odd(_ symbol: FunctionSymbol, _ integers: [UInt64] = [], at t: FieldElement) -> FieldElement {
    if t == .zero { return .zero }
    let (element, isNegated) = canonical(t)
    let value = integers.isEmpty ? hash(symbol, element) : hash(symbol, integers, [element])
    return isNegated ? fields.negative(value) : value
  }
}
