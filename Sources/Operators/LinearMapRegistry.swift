/// Every linear map that files may name besides the plain matrix; to add one, add its file and a line here.
public enum LinearMapRegistry {
  /// All types.
  public static let all: [any LinearMap<Double>.Type] = [
    IdentityMap<Double>.self, Linear<Double>.self, Convolution<Double>.self,
    TransposedConvolution<Double>.self,
    AveragePooling<Double>.self, Mean<Double>.self, Sum<Double>.self, Scale<Double>.self,
    Multiply<Double>.self,
    Reshape<Double>.self, Flatten<Double>.self, Permute<Double>.self, Slice<Double>.self, Place<Double>.self,
    Pad<Double>.self, IndexSelect<Double>.self, Upsample<Double>.self,
    Interpolate<Double>.self, Expand<Double>.self,
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.typeName, $0) })

  /// The type with this name in files, or nil.
  public static func type(named name: String) -> (any LinearMap<Double>.Type)? {
    byName[name]
  }
}
