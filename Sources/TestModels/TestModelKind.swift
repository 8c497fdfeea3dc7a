/// What a test model is built like.
public enum TestModelKind: String, CaseIterable, Sendable {
  /// Dense layers with different activations.
  case mlp
  /// Convolutions, max pooling and average pooling, and a dense layer.
  case cnn
  /// A transformer block of two heads with normalisations, and a dense layer on the mean of its tokens.
  case transformer
  /// `z = σ(W z + U x + b)` with ‖W‖∞ at most 0.9, and a dense layer on z.
  case deq
  /// The same with a rectifier and `W = (1 − m) I − AᵀA + B − Bᵀ`: a monotone operator equilibrium model (Winston and
  /// Kolter 2020). It has one equilibrium, although ‖W‖ may exceed 1.
  case mondeq
  /// Convolutional states at three resolutions, which read each other: a multiscale equilibrium model (Bai, Koltun and
  /// Kolter 2020) without normalisations, with rows of W_z that sum to at most 0.9.
  case multiscale

  /// What it is, in a few words.
  public var summary: String {
    switch self {
    case .mlp: "dense layers"
    case .cnn: "convolutions and pooling"
    case .transformer: "attention and layer normalisation"
    case .deq: "a contraction with one dense block"
    case .mondeq: "a monotone operator equilibrium model"
    case .multiscale: "convolutional blocks at three resolutions"
    }
  }
}
