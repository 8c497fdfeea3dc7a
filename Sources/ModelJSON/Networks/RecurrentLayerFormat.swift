import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// `{"type": "lstm", "weight_ih": [[…]], "weight_hh": [[…]], "bias_ih": […], "bias_hh": […]}`: a recurrent layer of
/// `torch.nn` over a sequence `[length, features]`, unrolled. Its steps are written as blocks that share their parameters.
struct RecurrentLayerFormat: LayerReading {
  private enum Kind: String {
    case rnn, gru, lstm
  }

  private let kind: Kind

  static let all = [Kind.rnn, .gru, .lstm].map(RecurrentLayerFormat.init)

  private init(_ kind: Kind) { self.kind = kind }

  var typeName: String { kind.rawValue }

  /// The keys of the parameters of one direction.
  private var parameterKeys: [String] {
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"] + (kind == .lstm ? RecurrentWeights.peepholeNames : [])
  }

  private static let reverse = RecurrentDescription.suffix(1)

  var keys: [String] {
    let own =
      switch kind {
      case .rnn: ["nonlinearity"]
      case .gru: ["activations", "reset_after"]
      case .lstm: ["activations"]
      }
    return parameterKeys + parameterKeys.map { $0 + Self.reverse } + ["direction"] + own
      + (kind == .lstm ? ["h_0", "c_0"] : ["h_0"]) + ["returns"]
  }

  func read(
    _ object: JSONObject, name: String, sources: [ResolvedSource], helpers: Int
  ) throws(FileError) -> [Layer<Double>] {
    var description = RecurrentDescription(try cell(object))
    description.direction = try word("direction", of: object) ?? .forward
    description.result = try word("returns", of: object) ?? .sequence
    description.initialState = try constant("h_0", of: object)
    description.initialMemory = try constant("c_0", of: object)
    let weights = try weights(object, description.direction)
    description.activations = try activations(object, weights[0], count: description.cell.activationCount)
    let (source, shape) = (sources[0].source, sources[0].shape)
    try AttributesFormat.located(object, at: object.value) { [description] () throws(InvalidConstants) in
      try description.validate(weights, shape: shape)
    }
    try object.value.document.claim(
      description.claimedNumbers(weights, length: shape[0]), at: object.value)
    return try AttributesFormat.located(object, at: object.value) {
      [description] () throws(InvalidConstants) in
      try description.layers(weights, named: name, reading: source, shape: shape, first: helpers)
    }
  }

  private func cell(_ object: JSONObject) throws(FileError) -> RecurrentCell {
    switch kind {
    case .rnn: .rnn
    case .gru: .gru(resetAfter: try object.optional("reset_after")?.flag() ?? true)
    case .lstm: .lstm
    }
  }

  /// The numbers of a constant, or nil without the key. They are no parameter, whose numbers are checked later.
  private func constant(_ key: String, of object: JSONObject) throws(FileError) -> Tensor<Double>? {
    guard let value = object.optional(key) else { return nil }
    let tensor = try value.tensorOrReference()
    if let index = tensor.elements.firstIndex(where: { !$0.isFinite }) {
      throw value.expected("finite numbers", found: "\(tensor.elements[index]) at position \(index)")
    }
    return tensor
  }

  /// One of several words, or nil without the key.
  private func word<Word: RawRepresentable<String> & CaseIterable>(
    _ key: String, of object: JSONObject
  ) throws(FileError) -> Word? {
    guard let value = object.optional(key) else { return nil }
    let words = Word.allCases.map(\.rawValue)
    let expectation = alternatives(words.map(quoted))
    guard let word = Word(rawValue: try value.string(expectation)) else {
      throw value.expected(expectation, found: value.summary)
    }
    return word
  }

  /// The weights of each direction.
  private func weights(
    _ object: JSONObject, _ direction: RecurrentDirection
  ) throws(FileError) -> [RecurrentWeights] {
    let count = direction.isReversed.count
    for key in parameterKeys where count == 1 {
      guard let value = object.optional(key + Self.reverse) else { continue }
      throw value.expected("no \(quoted(key + Self.reverse)) unless both directions are read", found: "one")
    }
    return try (0..<count).map { direction throws(FileError) in
      let suffix = RecurrentDescription.suffix(direction)
      func tensor(_ key: String) throws(FileError) -> Tensor<Double>? {
        try object.optional(key + suffix)?.tensorOrReference()
      }
      return RecurrentWeights(
        inputWeight: try object.required("weight_ih" + suffix).tensorOrReference(),
        stateWeight: try object.required("weight_hh" + suffix).tensorOrReference(),
        inputBias: try tensor("bias_ih"), stateBias: try tensor("bias_hh"),
        peepholes: try peepholes(object, suffix))
    }
  }

  /// The three peepholes of a direction, or none.
  private func peepholes(_ object: JSONObject, _ suffix: String) throws(FileError) -> [Tensor<Double>] {
    let keys = RecurrentWeights.peepholeNames.map { $0 + suffix }
    guard kind == .lstm, let given = keys.first(where: { object.optional($0) != nil }) else { return [] }
    return try keys.map { key throws(FileError) in
      guard let value = object.optional(key) else {
        throw object.value.expected("the key \(quoted(key)) beside \(quoted(given))", found: "none")
      }
      return try value.tensorOrReference()
    }
  }

  /// The functions of the cell, or nil for PyTorch's.
  private func activations(
    _ object: JSONObject, _ weights: RecurrentWeights, count: Int
  ) throws(FileError) -> [any Nonlinearity]? {
    let shape = [weights.stateWeight.shape.last ?? 1]
    if kind == .rnn {
      return try object.optional("nonlinearity").map { value throws(FileError) in
        [try NonlinearityFormat.read(value, portShapes: [shape], shape: shape)]
      }
    }
    guard let value = object.optional("activations") else { return nil }
    let values = try value.elements("a list of \(count) activations")
    guard values.count == count else {
      throw value.expected("a list of \(count) activations", found: "\(values.count)")
    }
    return try values.map { value throws(FileError) in
      try NonlinearityFormat.read(value, portShapes: [shape], shape: shape)
    }
  }
}
