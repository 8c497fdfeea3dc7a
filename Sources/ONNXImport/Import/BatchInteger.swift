/// An integer of shape arithmetic, which may contain the extent N of the batch: `constant + multiple · N`.
///
/// In a graph whose batch is open, N is any number from 1 on. Arithmetic is exact in N, and what is no such sum, or
/// depends on N in another way, is undetermined: it may be discarded, but not used.
package struct BatchInteger: Equatable {
  /// The part without N.
  let constant: Int
  /// How many times N is added.
  let multiple: Int

  /// An integer that depends on N in another way.
  static let undetermined = BatchInteger(0, multiple: .min)

  /// 1 for one extent of the batch, 0 for all others.
  static func isExtent(_ extent: Int) -> BatchInteger { BatchInteger(extent, multiple: .min) }

  /// Whether it depends on N in another way than as a sum.
  var isUndetermined: Bool { multiple == .min }

  /// The only extent of the batch for which this is 1, if it is one of those.
  var onlyExtent: Int? { isUndetermined && constant > 0 ? constant : nil }

  /// The only extent of the batch for which this equals another integer; nil if there is none, or it is not known.
  func extent(ofEqualityWith other: BatchInteger) -> Int? {
    guard !isUndetermined, !other.isUndetermined else { return nil }
    let (constant, isTooLarge) = other.constant.subtractingReportingOverflow(constant)
    let (multiple, isTooOften) = multiple.subtractingReportingOverflow(other.multiple)
    guard !isTooLarge, !isTooOften, multiple != 0, multiple != -1 || constant != .min,
      constant % multiple == 0
    else { return nil }
    return constant / multiple
  }

  init(_ constant: Int, multiple: Int = 0) {
    self.constant = constant
    self.multiple = multiple
  }

  /// The integer, if it does not contain N.
  var known: Int? { multiple == 0 ? constant : nil }

  /// The integer where the batch has this extent.
  ///
  /// - Throws: `mixesBatch` if it is undetermined, or out of range.
  func value(at extent: Int) throws(ImportFailure) -> Int {
    let (product, isTooLarge) = multiple.multipliedReportingOverflow(by: extent)
    let (sum, overflows) = constant.addingReportingOverflow(product)
    guard !isUndetermined, !isTooLarge, !overflows else { throw .usesBatchExtent }
    return sum
  }

  /// How this integer compares with another one for every N; nil if that depends on N.
  func comparison(with other: BatchInteger) -> Comparison? {
    guard !isUndetermined, !other.isUndetermined else { return nil }
    if self == other { return .equal }
    let (constant, isTooLarge) = constant.subtractingReportingOverflow(other.constant)
    let (multiple, isTooOften) = multiple.subtractingReportingOverflow(other.multiple)
    let (atOne, overflows) = constant.addingReportingOverflow(multiple)
    guard !isTooLarge, !isTooOften, !overflows else { return multiple == 0 ? plain(other) : nil }
    if multiple >= 0, atOne > 0 { return .greater }
    if multiple <= 0, atOne < 0 { return .less }
    return nil
  }

  private func plain(_ other: BatchInteger) -> Comparison? {
    guard let own = known, let other = other.known else { return nil }
    return own < other ? .less : .greater
  }

  /// The order of two integers.
  enum Comparison { case less, equal, greater }

  static func + (first: BatchInteger, second: BatchInteger) -> BatchInteger? {
    guard !first.isUndetermined, !second.isUndetermined else { return .undetermined }
    let (constant, isTooLarge) = first.constant.addingReportingOverflow(second.constant)
    let (multiple, isTooOften) = first.multiple.addingReportingOverflow(second.multiple)
    return isTooLarge || isTooOften ? nil : BatchInteger(constant, multiple: multiple)
  }

  static func * (first: BatchInteger, second: BatchInteger) -> BatchInteger? {
    guard let factor = second.known else { return first.known == nil ? .undetermined : second * first }
    guard !first.isUndetermined else { return .undetermined }
    let (constant, isTooLarge) = first.constant.multipliedReportingOverflow(by: factor)
    let (multiple, isTooOften) = first.multiple.multipliedReportingOverflow(by: factor)
    return isTooLarge || isTooOften ? nil : BatchInteger(constant, multiple: multiple)
  }

  /// The quotient, if it leaves no remainder whatever N is.
  func divided(exactlyBy divisor: BatchInteger) -> BatchInteger? {
    guard !isUndetermined, !divisor.isUndetermined else { return nil }
    if let divisor = divisor.known {
      guard divisor != 0, divisor != -1 || (constant != .min && multiple != .min),
        constant % divisor == 0, multiple % divisor == 0
      else { return nil }
      return BatchInteger(constant / divisor, multiple: multiple / divisor)
    }
    guard divisor.multiple != -1 || multiple != .min, multiple % divisor.multiple == 0 else { return nil }
    let quotient = BatchInteger(multiple / divisor.multiple)
    return quotient * divisor == self ? quotient : nil
  }
}

extension [BatchInteger] {
  /// The integers where the batch has this extent.
  ///
  /// - Throws: `mixesBatch` if one is undetermined.
  func values(at extent: Int) throws(ImportFailure) -> [Int] {
    var values: [Int] = []
    for element in self { values.append(try element.value(at: extent)) }
    return values
  }

  /// The product; nil if it is out of range or contains N twice.
  var product: BatchInteger? {
    var result = BatchInteger(1)
    for factor in self {
      guard let product = result * factor else { return nil }
      result = product
    }
    return result
  }

  /// The integers, if none of them contains N.
  var known: [Int]? {
    var result: [Int] = []
    for element in self {
      guard let known = element.known else { return nil }
      result.append(known)
    }
    return result
  }
}

extension ImportFailure {
  /// A number is needed, and what there is contains the extent of the batch.
  static var usesBatchExtent: ImportFailure { .mixesBatch("computes a number from the extent of the batch") }
}
