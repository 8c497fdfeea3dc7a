/// For each equation of a system the position of the equation with the same name in another; nil if there
/// is none.
func counterpartsByName(network: EquationSystem, model: EquationSystem) -> [Int?] {
  let positions = Dictionary(model.equations.enumerated().map { ($1.name, $0) }) { first, _ in first }
  var taken: Set<Int> = []
  return network.equations.map { equation in
    guard let position = positions[equation.name], taken.insert(position).inserted else { return nil }
    return position
  }
}
