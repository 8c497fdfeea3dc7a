import LinearAlgebra
import Operators

/// The linear map of this name in files.
///
/// - Parameter constants: Those that are not the default.
/// - Throws: Where constants, weight and shape do not fit.
package func linearMap(
  _ name: String, from shape: [Int], _ constants: [String: Constant] = [:], weight: Tensor<Double>? = nil
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
  let all = try constantList(type.constantDescriptions, constants, of: name)
  do {
    return try type.init(inputShape: atLeastVector(shape), parameter: weight, constants: all)
  } catch {
    throw .refused(error.description)
  }
}

/// The nonlinearity of this name in files.
///
/// - Throws: Where the constants have no meaning.
package func nonlinearity(
  _ name: String, _ constants: [String: Constant] = [:]
) throws(ImportFailure) -> any Nonlinearity {
  guard let type = NonlinearityRegistry.type(named: name) else {
    throw .refused("expected a nonlinearity that there is, found \(name)")
  }
  let all = try constantList(type.constantDescriptions, constants, of: name)
  do { return try type.init(constants: all) } catch { throw .refused(error.description) }
}

private func constantList(
  _ descriptions: [ConstantDescription], _ given: [String: Constant], of name: String
) throws(ImportFailure) -> [Constant] {
  let known = Set(descriptions.map(\.name))
  if let unknown = given.keys.sorted().first(where: { !known.contains($0) }) {
    throw .refused("expected a constant of \(name), found \(unknown)")
  }
  var all: [Constant] = []
  for description in descriptions {
    guard let value = given[description.name] ?? description.defaultValue else {
      throw .refused("\(name): expected \(description.name), found none")
    }
    all.append(value)
  }
  return all
}
