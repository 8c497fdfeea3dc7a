import LinearAlgebra
import Operators

/// The linear map of this name in files.
///
/// - Parameter given: The attributes that are not the default.
/// - Throws: Where attributes, weight and shape do not fit.
package func linearMap(
  _ name: String, from shape: [Int], _ given: [String: Constant] = [:], weight: Tensor<Double>? = nil
) throws(ImportFailure) -> any LinearMap<Double> {
  let type: any LinearMap<Double>.Type
  if name == DenseMap<Double>.typeName {
    type = DenseMap<Double>.self
  } else {
    guard let found = LinearMapRegistry.type(named: name) else {
      throw .refused("expected a linear map that there is, found \(name)")
    }
    type = found
  }
  let attributes = try type.schema.attributes(given, of: name)
  do {
    return try type.init(inputShape: atLeastVector(shape), parameter: weight, attributes: attributes)
  } catch {
    throw .refused(error.description)
  }
}

/// The nonlinearity of this name in files.
///
/// - Throws: Where the attributes have no meaning.
package func nonlinearity(
  _ name: String, _ given: [String: Constant] = [:]
) throws(ImportFailure) -> any Nonlinearity {
  guard let type = NonlinearityRegistry.type(named: name) else {
    throw .refused("expected a nonlinearity that there is, found \(name)")
  }
  let attributes = try type.schema.attributes(given, of: name)
  do { return try type.init(attributes: attributes) } catch { throw .refused(error.description) }
}

extension OperatorSchema {
  /// A value for each attribute of the operator of this name: the given ones, and the defaults of the others.
  fileprivate func attributes(
    _ given: [String: Constant], of name: String
  ) throws(ImportFailure) -> Attributes {
    do { return try attributes(given) } catch { throw .refused("\(name): \(error.description)") }
  }
}
