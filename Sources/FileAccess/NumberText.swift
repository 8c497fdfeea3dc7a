#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A number in a report, to a few significant digits: `3.1e-15`, `0.25`, `0`.
package func text(_ value: Double, digits: Int = 2) -> String {
  var buffer = [CChar](repeating: 0, count: 40)
  let length = withVaList([Int32(digits), value]) { vsnprintf(&buffer, buffer.count, "%.*g", $0) }
  return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A count with its thousands separated: `269,322`.
package func text(_ count: Int) -> String {
  var digits = Array(String(abs(count)))
  var position = digits.count - 3
  while position > 0 {
    digits.insert(",", at: position)
    position -= 3
  }
  return (count < 0 ? "-" : "") + String(digits)
}

/// A count with its noun: `1 block`, `3 blocks`.
package func text(_ count: Int, _ noun: String) -> String {
  "\(text(count)) \(noun)\(count == 1 ? "" : "s")"
}

/// A number of bytes: `35 KB`.
package func text(bytes: Int) -> String {
  switch bytes {
  case ..<10_000: "\(text(bytes)) bytes"
  case ..<10_000_000: "\(text(bytes / 1000)) KB"
  default: "\(text(bytes / 1_000_000)) MB"
  }
}
