/// What the grammar of RFC 8259 says of a number in a JSON text.
struct NumberToken {
  /// Whether JSON writes numbers so.
  let isValid: Bool
  /// Whether json-c would not read it as it is written: an integer of 19 digits and more, which may not fit its 64
  /// bits, or `-0`, which would lose its sign.
  let isDistorted: Bool

  /// Steps over the number that begins at `position`, with a digit or a minus sign.
  @inline(__always)
  init(in text: UnsafeBufferPointer<UInt8>, at position: inout Int) {
    let isNegative = text[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let first = position
    let digits = skipDigits(in: text, at: &position)
    let startsWithZero = digits > 0 && text[first] == UInt8(ascii: "0")
    var isInteger = true
    var isValid = digits == 1 || digits > 1 && !startsWithZero
    if position < text.count, text[position] == UInt8(ascii: ".") {
      position += 1
      isInteger = false
      isValid = skipDigits(in: text, at: &position) > 0 && isValid
    }
    if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      isInteger = false
      if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
        position += 1
      }
      isValid = skipDigits(in: text, at: &position) > 0 && isValid
    }
    self.isValid = isValid
    isDistorted = isInteger && (digits >= 19 || isNegative && startsWithZero)
  }
}

/// Steps over digits, eight at a time where there are as many, and returns their number.
@inline(__always)
private func skipDigits(in text: UnsafeBufferPointer<UInt8>, at position: inout Int) -> Int {
  let start = position
  while position + 8 <= text.count,
    areDigits(UnsafeRawPointer(text.baseAddress! + position).loadUnaligned(as: UInt64.self))
  {
    position += 8
  }
  while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
  return position - start
}

/// Whether eight bytes are digits, 0x30 to 0x39: the upper half of each is 3, and still is when 6 is added.
@inline(__always)
private func areDigits(_ bytes: UInt64) -> Bool {
  let (upperHalves, threes): (UInt64, UInt64) = (0xF0F0_F0F0_F0F0_F0F0, 0x3030_3030_3030_3030)
  return bytes & upperHalves == threes && (bytes &+ 0x0606_0606_0606_0606) & upperHalves == threes
}
