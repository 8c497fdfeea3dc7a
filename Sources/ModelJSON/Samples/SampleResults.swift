import Blocks
import FileAccess
import LinearAlgebra
import Operators
import TensorFiles

/// What an evaluation gives: `{"output": [[…]], "gradients": {"input": [[…]], "fc1.weight": [[…]]}}`.
public struct SampleResults: Equatable, Sendable {
  /// The outputs, `[batch, output]`.
  public let output: Matrix<Double>
  /// The gradients of `Σ ⟨cotangent, output⟩`, where a cotangent was given.
  public let gradients: Gradients<Double>?

  /// Results to write.
  public init(output: Matrix<Double>, gradients: Gradients<Double>? = nil) {
    self.output = output
    self.gradients = gradients
  }

  /// Reads results that were written before; parameters may have any shape.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func read(_ contents: FileContents) throws(FileError) -> SampleResults {
    try read(JSONObject(JSONDocument(contents).root, keys: ["output", "gradients"]))
  }

  /// The results among an object's keys.
  package static func read(_ object: JSONObject, samples: Int? = nil) throws(FileError) -> SampleResults {
    let rows = samples.map { ($0, "one for each sample") }
    let output = try object.required("output").matrix(rows: rows)
    guard let value = object.optional("gradients") else { return SampleResults(output: output) }
    let all = try JSONObject(value, keys: nil)
    let input = try all.required("input").matrix(rows: (output.rows, "one for each sample"))
    var parameters = ParameterTensors<Double>()
    for name in all.keys where name != "input" { parameters.add(try all.required(name).tensor(), to: name) }
    return SampleResults(output: output, gradients: Gradients(input: input, parameters: parameters))
  }

  /// Writes the results, gradients in the order of the model's parameters.
  ///
  /// - Throws: `FileError` for a number that is not finite, or where writing fails.
  public func write(to sink: any ByteSink) throws(FileError) {
    var writer = JSONWriter(to: sink)
    try writer.beginObject()
    try writeKeys(to: &writer)
    try writer.end()
    try writer.finish()
  }

  /// Writes the keys `output` and `gradients` into an object that is open.
  ///
  /// - Throws: As `write` does.
  public func writeKeys(to writer: inout JSONWriter) throws(FileError) {
    try writer.key("output")
    try writer.matrix(output)
    if let gradients {
      try writer.key("gradients")
      try writer.beginObject()
      try writer.key("input")
      try writer.matrix(gradients.input)
      for name in gradients.parameters.names {
        try writer.key(name)
        try writer.tensor(gradients.parameters[name]!)
      }
      try writer.end()
    }
  }
}
