/// Every nonlinearity that files may name; adding one is adding its file and its line here.
public enum NonlinearityRegistry {
  /// All types, by family.
  public static let all: [any Nonlinearity.Type] = [
    Identity.self, ReLU.self, LeakyReLU.self, ELU.self, CELU.self, SELU.self, GELU.self, SiLU.self, Mish.self,
    Sigmoid.self, LogSigmoid.self, HardSigmoid.self, HardSwish.self, HardTanh.self, ReLU6.self, Softplus.self,
    Softsign.self, Tanh.self, Tanhshrink.self, Softshrink.self, Hardshrink.self, Threshold.self,
    MaxPooling.self, Softmax.self, LogSoftmax.self, Normalization.self, Product.self, Quotient.self,
    PReLU.self,
    BatchedProduct.self,
  ]

  /// Those that act elementwise.
  public static let activations: [any Nonlinearity.Type] = all.filter { $0 is any Activation.Type }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.typeName, $0) })

  /// The type of this name in files, or nil.
  public static func type(named name: String) -> (any Nonlinearity.Type)? {
    byName[name]
  }
}
