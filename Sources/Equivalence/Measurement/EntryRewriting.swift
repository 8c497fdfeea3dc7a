import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// A model with the numbers of its entries replaced, with or without parameters.
struct EntryRewriting {
  /// The position of an entry's numbers.
  struct EntryPosition {
    /// The parameter's full name; nil for an entry without one.
    let parameter: String?
    /// A unique key for an entry without a parameter.
    let key: String
    /// Whether the numbers are summed in exact arithmetic before anything is rounded.
    var isSummed = false
  }

  /// The new numbers of an entry, in the same shape.
  let numbers: (_ tensor: Tensor<Double>, _ place: EntryPosition) -> Tensor<Double>

  /// The model with the new numbers.
  ///
  /// - Precondition: Entries of one parameter get the same numbers.
  func applied(to model: JudgedModel) -> JudgedModel {
    switch model {
    case .network(let network):
      // Sizes, names and sources come from a valid model.
      .network(
        try! Network(
          inputShape: network.inputShape, layers: network.layers.map(applied), output: network.output,
          signature: network.signature))
    case .equilibrium(let model): .equilibrium(applied(to: model) { $0 })
    }
  }

  private func applied(to layer: Layer<Double>) -> Layer<Double> {
    switch layer {
    case .explicit(let block): .explicit(applied(to: block) { $0 })
    case .implicit(let layer):
      .implicit(
        try! ImplicitLayer(
          name: layer.name, source: layer.source, model: applied(to: layer.model, name: layer.fullName)))
    }
  }

  private func applied(
    to model: EquilibriumModel<Double>, name: (String) -> String
  ) -> EquilibriumModel<Double> {
    try! EquilibriumModel(
      inputShape: model.inputShape, blocks: model.blocks.map { applied(to: $0, name: name) },
      output: model.output, form: model.form, signature: model.signature)
  }

  private func applied(to block: Block<Double>, name: (String) -> String) -> Block<Double> {
    var block = block
    for index in block.terms.indices {
      let term = block.terms[index]
      guard let tensor = term.map.parameter else { continue }
      let place = EntryPosition(parameter: term.parameter.map(name), key: name("\(block.name).\(index)"))
      if let map = try? type(of: term.map).init(
        inputShape: term.map.inputShape, parameter: numbers(tensor, place), attributes: term.map.attributes)
      {
        block.terms[index].map = map
      }
    }
    for index in block.offsets.indices {
      let offset = block.offsets[index]
      let place = EntryPosition(
        parameter: offset.parameter.map(name), key: name("\(block.name).b\(index)"), isSummed: offset.isSum)
      let tensor = numbers(offset.tensor, place)
      block.offsets[index] =
        offset.map.map {
          Offset(port: offset.port, tensor: tensor, map: $0, parameter: offset.parameter)
        } ?? Offset(port: offset.port, tensor: tensor, parameter: offset.parameter)
      guard offset.isSum else { continue }
      // The sums themselves are numbers of the block as well, without a parameter.
      let sums = Tensor(block.offsets[index].vector)
      let moved = numbers(sums, EntryPosition(parameter: nil, key: "\(place.key) sums"))
      let difference = zip(moved.elements, sums.elements).map { $0 == $1 ? 0 : $0 - $1 }
      if difference.contains(where: { $0 != 0 }) {
        block.offsets.append(Offset(port: offset.port, vector: difference))
      }
    }
    return block
  }
}

extension JudgedModel {
  /// The same model with every number of its entries changed by a random relative amount up to `step`. Tied
  /// parameters stay tied. Of numbers that are summed exactly, the sum is changed.
  func withPerturbedEntries(by step: Double, seed: UInt64) -> JudgedModel {
    EntryRewriting { tensor, place in
      if place.isSummed { return tensor }
      var generator = SeededGenerator(seed: seed, mixedWith: place.parameter.map { "p \($0)" } ?? place.key)
      return Tensor(
        shape: tensor.shape,
        elements: tensor.elements.map { $0 * (1 + step * (2 * generator.uniform() - 1)) })
    }.applied(to: self)
  }

  /// The same model with random numbers for the parameters that both models have: the same numbers on both
  /// sides, of the same scale as the first side's own.
  ///
  /// - Parameter isFirst: Whether this is the first of the two models.
  func withRandomParameters(
    _ matches: [ParameterMatch], isFirst: Bool, scales: [String: Double], seed: UInt64
  ) -> JudgedModel {
    let byName = Dictionary(matches.map { (isFirst ? $0.first : $0.second, $0) }) { first, _ in first }
    return EntryRewriting { tensor, place in
      guard let match = place.parameter.flatMap({ byName[$0] }) else { return tensor }
      var generator = SeededGenerator(seed: seed, mixedWith: match.first)
      let scale = scales[match.first] ?? 1
      let elements = (0..<tensor.count).map { _ in scale * generator.normal() }
      guard !isFirst, match.layout == .transposed, tensor.shape.count == 2 else {
        return Tensor(shape: tensor.shape, elements: elements)
      }
      // Element (i, j) here is element (j, i) of the first model's matrix.
      let (rows, columns) = (tensor.shape[0], tensor.shape[1])
      return Tensor(
        shape: tensor.shape,
        elements: (0..<tensor.count).map { elements[$0 % columns * rows + $0 / columns] })
    }.applied(to: self)
  }

  /// The root mean square of each parameter's numbers, by its full name; 1 if they are all zero.
  var parameterScales: [String: Double] {
    var scales: [String: Double] = [:]
    _ = EntryRewriting { tensor, place in
      if let name = place.parameter, scales[name] == nil {
        let square = tensor.elements.reduce(0) { $0 + $1 * $1 } / Double(max(1, tensor.count))
        scales[name] = square > 0 && square.isFinite ? square.squareRoot() : 1
      }
      return tensor
    }.applied(to: self)
    return scales
  }
}

extension SeededGenerator {
  fileprivate init(seed: UInt64, mixedWith text: String) {
    self.init(seed: text.utf8.reduce(mix64(seed)) { mix64($0 ^ UInt64($1)) })
  }
}
