import FileAccess
import LinearAlgebra
import TensorFiles

/// The names under which the gradients of a model's entries are reported: the entry's parameter if it has
/// one, else its place, `Wz[fc2,fc1]`.
///
/// Entries may share a parameter if its shape is the same. Anything else under one name would make a
/// gradient ambiguous: two shapes, a parameter named like the place of an entry without one, or (if block
/// names contain commas) two places spelled alike.
struct EntryNames {
  private struct Owner {
    let shape: [Int]
    /// The positions of the two blocks that the entry connects; nil for a parameter, which may occur
    /// anywhere.
    let place: [Int]?
    let path: JSONPlace
    /// Whether the entry is a map other than a matrix.
    let isMap: Bool
  }

  private var owners: [String: Owner] = [:]
  /// The numbers of each parameter of a layer.
  private var tensors: [String: Tensor<Double>] = [:]

  /// Records an entry, and returns its parameter.
  ///
  /// - Parameters:
  ///   - shape: The shape of the entry's numbers; nil for a map without numbers.
  ///   - name: The entry's name if it has no parameter.
  ///   - place: The positions of the two blocks that the entry connects.
  mutating func add(
    _ entry: JSONObject, shape: [Int]?, default name: String, place: [Int]
  ) throws(FileError) -> String? {
    let value = entry.optional("parameter")
    guard let shape else {
      if let value {
        throw value.expected("no parameter for a map without trained numbers", found: "one")
      }
      return nil
    }
    let parameter = try value?.name()
    if let value, parameter == "input" {
      throw value.expected("a parameter with another name than the input's gradient")
    }
    let owner = Owner(
      shape: shape, place: parameter == nil ? place : nil, path: value?.place ?? entry.value.place,
      isMap: entry.optional("map") != nil)
    guard let other = owners[parameter ?? name] else {
      owners[parameter ?? name] = owner
      return parameter
    }
    guard owner.place == other.place else {
      throw (value ?? entry.value).expected(
        "entries whose gradients have different names",
        found: "\(quoted(parameter ?? name)) at \(other.path) too")
    }
    if parameter == nil, entry.optional("map") != nil || other.isMap {
      // Matrices at one place are summands of one matrix; other maps have gradients of their own.
      throw entry.value.expected(
        "a parameter that distinguishes the entry from the one at \(other.path)", found: "none")
    }
    guard owner.shape == other.shape else {
      throw (value ?? entry.value).expected(
        "a parameter of shape \(other.shape), as at \(other.path)", found: "one of shape \(shape)")
    }
    return parameter
  }

  /// Records an entry of a layer, and returns its parameter. An entry without a parameter has no gradient
  /// in the network, but it has one in the converted equilibrium model, and must be distinguishable there.
  ///
  /// - Parameters:
  ///   - tensor: The entry's numbers; nil for a map without numbers.
  ///   - place: The port that the entry adds to, and its source.
  mutating func addLayerEntry(
    _ entry: JSONObject, _ tensor: Tensor<Double>?, place: [Int]
  ) throws(FileError) -> String? {
    // No parameter in a file can have such a name.
    let parameter = try add(entry, shape: tensor?.shape, default: "\u{0}\(place)", place: place)
    guard let parameter, let tensor else { return parameter }
    if let other = tensors[parameter], !other.isIdentical(to: tensor) {
      throw try entry.required("parameter").expected(
        "the same numbers in every occurrence of a parameter",
        found: "\(quoted(parameter)) with others at \(owners[parameter]!.path) too")
    }
    tensors[parameter] = tensor
    return parameter
  }
}
