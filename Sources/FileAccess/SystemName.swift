// To the system a name is bytes, here it is text. Bytes that are no UTF-8 stand in text as the characters U+10FF80 …
// U+10FFFF, the byte in their lower half. A name in which these characters themselves are encoded is taken as such bytes
// too, so that every name has one text and every text one name.

private let bytesAsCharacters: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

/// Whether a character stands for a byte of a name that is no UTF-8.
package func isByte(_ scalar: Unicode.Scalar) -> Bool { bytesAsCharacters.contains(scalar.value) }

/// The text of a name of the system.
package func text(ofSystemName bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes)
  if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isByte) {
    return text
  }
  var text = ""
  var position = 0
  while position < bytes.count {
    let scalar = (1...4).lazy.filter { position + $0 <= bytes.count }.compactMap { length in
      String(validating: bytes[position..<position + length], as: UTF8.self)?.unicodeScalars.first
    }.first
    if let scalar, !isByte(scalar) {
      text.unicodeScalars.append(scalar)
      position += UTF8.width(scalar)
    } else {
      text.unicodeScalars.append(Unicode.Scalar(0x10FF00 + UInt32(bytes[position]))!)
      position += 1
    }
  }
  return text
}

/// The name of the system that a text stands for, ending with NUL.
package func systemName(_ text: String) -> [CChar] {
  guard text.unicodeScalars.contains(where: isByte) else { return Array(text.utf8CString) }
  var bytes: [CChar] = []
  for scalar in text.unicodeScalars {
    if isByte(scalar) {
      bytes.append(CChar(truncatingIfNeeded: scalar.value))
    } else {
      bytes += String(scalar).utf8.map { CChar(bitPattern: $0) }
    }
  }
  return bytes + [0]
}
