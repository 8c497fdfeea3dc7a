import FileAccess
import LinearAlgebra
import TensorFiles

/// The names under which the gradients of a model's entries are reported: the parameter of an entry that has one,
/// else its place, `Wz[fc2,fc1]`.
///
/// Entries may share a parameter of one shape. Anything else under one name would make a gradient ambiguous: two
/// shapes, a parameter called like the place of an entry without one, or (where names of blocks contain commas)
/// two places that are spelled alike.
struct EntryNames {
  private struct Owner {
    let shape: [Int]
    /// The blocks that the entry stands between; nil for a parameter, which may stand anywhere.
    let place: [Int]?
    let path: JSONPlace
    /// Whether the entry is another map than a matrix.
    let isMap: Bool
  }

  private var owners: [String: Owner] = [:]
  /// The numbers of each parameter of a layer.
  private var tensors: [String: Tensor<Double>] = [:]

  /// Notes an entry, and returns its parameter.
  ///
  /// - Parameters:
  ///   - shape: The shape of the numbers that the entry carries; nil for a map that has none.
  ///   - name: The name that the entry has without a parameter.
  ///   - place: The blocks that it stands between.
  mutating func add(
    _ entry: JSONObject, shape: [Int]?, default name: String, place: [Int]
  ) throws(FileError) -> String? {
    let value = entry.optional("parameter")
    guard let shape else {
      if let value {
        throw value.expected("no parameter of a map that has no numbers to train", found: "one")
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
        "a parameter that tells the entry from the one at \(other.path)", found: "none")
    }
    guard owner.shape == other.shape else {
      throw (value ?? entry.value).expected(
        "a parameter of shape \(other.shape), as at \(other.path)", found: "one of shape \(shape)")
    }
    return parameter
  }

  /// Notes an entry of a layer, and returns its parameter. One without a parameter has no gradient in the network, but
  /// has one in the equilibrium model that the network converts to, and must be told from others there.
  ///
  /// - Parameters:
  ///   - tensor: The numbers that the entry carries; nil for a map that has none.
  ///   - place: The port that the entry adds to, and what it reads.
  mutating func addLayerEntry(
    _ entry: JSONObject, _ tensor: Tensor<Double>?, place: [Int]
  ) throws(FileError) -> String? {
    // No parameter that a file spells has such a name.
    let parameter = try add(entry, shape: tensor?.shape, default: "\u{0}\(place)", place: place)
    guard let parameter, let tensor else { return parameter }
    if let other = tensors[parameter], !other.isIdentical(to: tensor) {
      throw try entry.required("parameter").expected(
        "the same numbers wherever a parameter stands",
        found: "\(quoted(parameter)) with others at \(owners[parameter]!.path) too")
    }
    tensors[parameter] = tensor
    return parameter
  }
}
