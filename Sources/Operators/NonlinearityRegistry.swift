/// Every nonlinearity that files may name; to add one, add its file and a line here.
public enum NonlinearityRegistry {
  /// All types, by family.
  public static let all: [any Nonlinearity.Type] = [
    Identity.self, ReLU.self, LeakyReLU.self, ELU.self, CELU.self, SELU.self, GELU.self, SiLU.self, Mish.self,
    Sigmoid.self, LogSigmoid.self, HardSigmoid.self, HardSwish.self, HardTanh.self, ReLU6.self, Softplus.self,
    Softsign.self, Tanh.self, Tanhshrink.self, Softshrink.self, Hardshrink.self, Threshold.self,

    Exponential.self, NaturalLogarithm.self, ErrorFunction.self, SquareRoot.self, Reciprocal.self,
    AbsoluteValue.self, Clamp.self, Pow.self, Sine.self, Cosine.self, Tangent.self, ArcSine.self,
    ArcCosine.self,
    ArcTangent.self, HyperbolicSine.self, HyperbolicCosine.self, InverseHyperbolicSine.self,
    InverseHyperbolicCosine.self, InverseHyperbolicTangent.self, Sign.self, Floor.self, Ceiling.self,
    Rounding.self,

    Product.self, Quotient.self, Maximum.self, Minimum.self, Power.self, PReLU.self, BatchedProduct.self,
    Greater.self, GreaterOrEqual.self, Equal.self, Choice.self,

    Softmax.self, Softmin.self, LogSoftmax.self, LogSumExp.self, GLU.self, LargestElement.self,
    SmallestElement.self, VectorNorm.self,
    MaxPooling.self,
    LayerNormalization.self, GroupNormalization.self, InstanceNormalization.self,
    RootMeanSquareNormalization.self,
  ]

  /// Those that act elementwise on one port.
  public static let elementwise: [any Nonlinearity.Type] = all.filter { $0 is any Activation.Type }

  /// Those that networks use as activations: see `Activation.isActivation`.
  public static let activations: [any Nonlinearity.Type] = all.filter {
    ($0 as? any Activation.Type)?.isActivation == true
  }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.typeName, $0) })

  /// The type with this name in files, or nil.
  public static func type(named name: String) -> (any Nonlinearity.Type)? {
    byName[name]
  }
}
