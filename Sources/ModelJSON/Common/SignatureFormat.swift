import Blocks
import FileAccess
import Operators
import TensorFiles

/// `"signature": {"inputs": [{"name": "x", "shape": [3, 8, 8]}], "outputs": […]}`: the names and shapes of the tensors of
/// which a model's input and output consist. Each of the two lists may be missing.
enum SignatureFormat {
  static let key = "signature"

  /// The signature of an object that describes a model; unnamed if it has none.
  static func read(_ object: JSONObject) throws(FileError) -> ModelSignature {
    guard let value = object.optional(key) else { return .unnamed }
    let signature = try JSONObject(value, keys: ["inputs", "outputs"])
    return ModelSignature(
      inputs: try tensors(signature.optional("inputs")), outputs: try tensors(signature.optional("outputs")))
  }

  private static func tensors(_ list: JSONValue?) throws(FileError) -> [ModelSignature.Tensor] {
    guard let list else { return [] }
    var names: Set<String> = []
    return try list.elements("a list of tensors").map { value throws(FileError) in
      let object = try JSONObject(value, keys: ["name", "shape"])
      let nameValue = try object.required("name")
      let name = try nameValue.name()
      guard names.insert(name).inserted else {
        throw nameValue.expected("a unique name", found: "\(quoted(name)), the name of another tensor")
      }
      let shape = try object.required("shape")
      // A single number has no axes.
      let isNumber = try shape.elements("a list of sizes").isEmpty
      return ModelSignature.Tensor(name, isNumber ? [] : try shape.shape())
    }
  }

  /// Writes the key into the current object, if there are names.
  static func write(_ signature: ModelSignature, to writer: inout JSONWriter) throws(FileError) {
    guard !signature.isUnnamed else { return }
    try writer.key(key)
    try writer.beginObject()
    for (kind, tensors) in [("inputs", signature.inputs), ("outputs", signature.outputs)]
    where !tensors.isEmpty {
      try writer.key(kind)
      try writer.beginArray()
      for tensor in tensors {
        try writer.beginObject(.inLine)
        try writer.key("name")
        try writer.string(tensor.name)
        try writer.key("shape")
        try writer.integers(tensor.shape)
        try writer.end()
      }
      try writer.end()
    }
    try writer.end()
  }
}

extension JSONWriter {
  /// Writes the key `signature` into the current object, if the model's inputs or outputs have names.
  package mutating func signature(_ signature: ModelSignature) throws(FileError) {
    try SignatureFormat.write(signature, to: &self)
  }
}
