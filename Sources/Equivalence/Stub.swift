public struct ModelIdentities: Sendable, Equatable {
  public var first: [UInt8]
  public var second: [UInt8]
  public init(first: [UInt8], second: [UInt8]) { (self.first, self.second) = (first, second) }
}
func proof(of first: EquationSystem, and second: EquationSystem, identities: ModelIdentities?, seed: UInt64) -> ProofReport {
  let p = Proof(network: first, model: second)
  let names = Set(second.equations.flatMap { $0.terms.compactMap(\.parameter) + $0.offsets.compactMap(\.parameter) })
  var seen: Set<String> = []
  let matches = first.equations.flatMap { $0.terms.compactMap(\.parameter) + $0.offsets.compactMap(\.parameter) }.filter { names.contains($0) && seen.insert($0).inserted }.map { ParameterMatch(first: $0, second: $0, basis: .name) }
  switch p.outcome {
  case .proved: return ProofReport(function: .proved(ProofBasis(method: .equations)), parameters: ParameterProof(matches: matches, onlyFirst: [], onlySecond: [], outcome: .proved(ProofBasis(method: .equations))))
  case .refused(let d): return ProofReport(function: .notProved(ProofGap(reason: d.description, difference: d)), parameters: ParameterProof(matches: matches, onlyFirst: [], onlySecond: [], outcome: .notProved("")))
  }
}
