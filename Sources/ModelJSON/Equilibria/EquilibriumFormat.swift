import Equilibria
import FileAccess
import Operators
import TensorFiles

/// The equilibrium format without its header, for files and for equilibrium layers.
package enum EquilibriumFormat {
  /// The keys, as messages list them.
  package static let keys = ["input", "blocks", "Wz", "Wx", "b", "output"]
  /// The keys of a file besides those of the header: a model within a network has no signature.
  package static let fileKeys = keys + [SignatureFormat.key]

  /// Reads the model that an object describes, in the form that it has there.
  package static func read(_ object: JSONObject) throws(FileError) -> EquilibriumModel<Double> {
    let inputShape = try Sizes.readInput(object)
    let layout = try BlockLayout(object.required("blocks"), inputShape: inputShape)
    let output = try layout.position(of: object.required("output"))
    let signature = try SignatureFormat.read(object)
    switch try form(of: object) {
    case .blocks:
      let blocks = try BlockForm.read(object, layout: layout)
      return try object.value.validModel { () throws(InvalidModel) in
        try EquilibriumModel(
          inputShape: inputShape, blocks: blocks, output: output, signature: signature)
      }
    case .matrix:
      let (Wz, Wx, b) = try MatrixForm.read(object, layout: layout)
      return try object.value.validModel { () throws(InvalidModel) in
        try EquilibriumModel(
          inputShape: inputShape, layout: layout.blocks, Wz: Wz, Wx: Wx, b: b, output: output,
          signature: signature)
      }
    }
  }

  /// The form of `Wz`, `Wx` and `b`; lists of entries if all three are missing.
  private static func form(of object: JSONObject) throws(FileError) -> ModelForm {
    let parts = ["Wz", "Wx", "b"].compactMap(object.optional)
    for part in parts where !part.isArray && !part.isObject {
      throw part.expected("a list of entries, or an object with the whole matrix")
    }
    guard let first = parts.first else { return .blocks }
    if let other = parts.first(where: { $0.isArray != first.isArray }) {
      throw other.expected(
        first.isArray ? "a list of entries, as \(first.place) is" : "an object, as \(first.place) is")
    }
    return first.isArray ? .blocks : .matrix
  }

  /// Writes the keys of a model into the current object.
  package static func write(
    _ model: EquilibriumModel<Double>, as form: ModelForm, to writer: inout JSONWriter
  ) throws(FileError) {
    try Sizes.writeInput(model.inputShape, to: &writer)
    try BlockLayout.write(model.blocks, to: &writer)
    switch form {
    case .blocks: try BlockForm.write(model, to: &writer)
    case .matrix: try MatrixForm.write(model, to: &writer)
    }
    try writer.key("output")
    try writer.string(model.blocks[model.output].name)
    try SignatureFormat.write(model.signature, to: &writer)
  }
}
