/// How large test models are.
public struct TestModelSize: Sendable {
  /// The width of layers and states, from 2: units, and for images and tokens a fourth of it in channels.
  public let width: Int
  /// The number of samples of each model, at least 1.
  public let samples: Int

  /// The widths that are allowed: the state's derivative, of up to some thousand coordinates, is inverted.
  public static let widths = 2...256

  /// Models of this width with this many samples.
  ///
  /// - Precondition: The width is one of `widths`, and there is a sample.
  public init(width: Int = 8, samples: Int = 4) {
    precondition(Self.widths.contains(width) && samples > 0, "a width of \(width), \(samples) samples")
    (self.width, self.samples) = (width, samples)
  }
}
