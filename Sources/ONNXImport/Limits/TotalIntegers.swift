// The integer operators of this module. A declaration of a module takes precedence over the standard library's, so
// every `+` on an `Int` in this folder is one of these, including those not written yet: none of them traps.
//
// Integers here come from files. Where an operation has no result, the nearest integer is taken, and the import is
// refused after the node (`ImportLimits.requireNoOverflow`). Without an import under way only the former holds.

/// The value of an operation; `nearest` if it overflowed.
private func noting(_ result: (partialValue: Int, overflow: Bool), nearest: Int) -> Int {
  guard result.overflow else { return result.partialValue }
  ImportLimits.current?.noteOverflow()
  return nearest
}

extension Int {
  static func + (left: Int, right: Int) -> Int {
    noting(left.addingReportingOverflow(right), nearest: left < 0 ? .min : .max)
  }

  static func - (left: Int, right: Int) -> Int {
    noting(left.subtractingReportingOverflow(right), nearest: left < 0 ? .min : .max)
  }

  static func * (left: Int, right: Int) -> Int {
    noting(left.multipliedReportingOverflow(by: right), nearest: (left < 0) == (right < 0) ? .max : .min)
  }

  /// The quotient rounded towards zero. Of a division by zero it is 0.
  static func / (left: Int, right: Int) -> Int {
    noting(left.dividedReportingOverflow(by: right), nearest: right == 0 ? 0 : .max)
  }

  /// The remainder with the dividend's sign. Of a division by zero it is 0.
  static func % (left: Int, right: Int) -> Int {
    noting(left.remainderReportingOverflow(dividingBy: right), nearest: 0)
  }

  static prefix func - (integer: Int) -> Int { 0 - integer }

  static func += (left: inout Int, right: Int) { left = left + right }

  static func -= (left: inout Int, right: Int) { left = left - right }

  static func *= (left: inout Int, right: Int) { left = left * right }

  /// The range, or an empty one if its end lies before its start.
  static func ..< (start: Int, end: Int) -> Range<Int> {
    guard start <= end else {
      ImportLimits.current?.noteOverflow()
      return Range(uncheckedBounds: (start, start))
    }
    return Range(uncheckedBounds: (start, end))
  }

  /// The range, or its start alone if its end lies before its start.
  static func ... (start: Int, end: Int) -> ClosedRange<Int> {
    guard start <= end else {
      ImportLimits.current?.noteOverflow()
      return ClosedRange(uncheckedBounds: (start, start))
    }
    return ClosedRange(uncheckedBounds: (start, end))
  }

  /// The integer part of a number: the nearest integer if there is none in 64 bits, 0 for NaN.
  init(_ number: Double) {
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      ImportLimits.current?.noteOverflow()
      self = number.isNaN ? 0 : number < 0 ? .min : .max
      return
    }
    self = integer
  }
}

/// The distance of an integer from zero.
func abs(_ integer: Int) -> Int { integer < 0 ? -integer : integer }
