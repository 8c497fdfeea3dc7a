import Equilibria
import FileAccess
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import TensorFiles
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers that stand in another file: what is read, and what must be refused.
@Suite("References to tensors of a weights file")
struct WeightsReferenceTests {
  private let folder: TemporaryFolder

  /// Tensors of every kind that a reference may meet.
  private static let tensors: [(name: String, dtype: String, shape: [Int], data: [UInt8])] = [
    ("matrix", "F64", [2, 2], [1.0, 2, 3, 4].flatMap(bytes)),
    ("other", "F64", [2, 2], [1.0, 2, 3, 5].flatMap(bytes)),
    ("vector", "F64", [2], [1.0, 2].flatMap(bytes)),
    ("nan", "F64", [2], [1, Double.nan].flatMap(bytes)),
    ("negative", "F64", [2], [1.0, -1].flatMap(bytes)),
    ("single", "F64", [], bytes(3)),
    ("integers", "I64", [2, 2], [UInt8](repeating: 1, count: 32)),
    ("none", "F64", [0, 2], []),
    ("narrow", "F64", [2, 0], []),
  ]

  private static func bytes(_ number: Double) -> [UInt8] {
    withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) }
  }

  init() throws {
    folder = TemporaryFolder()
    var (entries, data) = ([String](), [UInt8]())
    for tensor in Self.tensors {
      entries.append(
        #""\#(tensor.name)":{"dtype":"\#(tensor.dtype)","shape":\#(tensor.shape),"#
          + #""data_offsets":[\#(data.count),\#(data.count + tensor.data.count)]}"#)
      data += tensor.data
    }
    _ = try folder.file(
      "w.safetensors", SafetensorsBytes.file("{\(entries.joined(separator: ","))}", data: data))
  }

  /// The line that reading this file gives, without the folder; nil where it can be read.
  private func refusal(_ text: String) throws -> String? {
    let path = try folder.file("n.json", text)
    do {
      _ = try ModelFile.read(path)
      return nil
    } catch {
      return error.description.replacing("\(folder.path)/", with: "")
    }
  }

  private func layer(_ keys: String, weights: String? = #""w.safetensors""#) throws -> String? {
    try refusal(
      #"""
      {"format": "network", "version": 1, \#(weights.map { "\"weights\": \($0), " } ?? "")"input": [2],
       "layers": [{\#(keys)}]}
      """#)
  }

  private func dense(_ tensor: String, weights: String? = #""w.safetensors""#) throws -> String? {
    try layer(#""type": "dense", "weight": \#(tensor)"#, weights: weights)
  }

  @Test("A tensor fits its place by its shape, its type and its name")
  func tensors() throws {
    #expect(try dense(#"{"tensor": "matrix"}"#) == nil)
    let wrong = [
      (#"{"tensor": "vector"}"#, "n.json: layers[0].weight: expected a matrix, found shape [2]"),
      (#"{"tensor": "single"}"#, "n.json: layers[0].weight: expected a matrix, found shape []"),
      (
        #"{"tensor": "integers"}"#,
        #"w.safetensors: "integers": expected numbers of type F64, F32, F16 or BF16, found I64"#
      ),
      (
        #"{"tensor": "none"}"#,
        #"n.json: layers[0].weight.tensor: expected a tensor with numbers, found "none" of shape [0, 2]"#
      ),
      (
        #"{"tensor": "narrow"}"#,
        #"n.json: layers[0].weight.tensor: expected a tensor with numbers, found "narrow" of shape [2, 0]"#
      ),
      (#"{"tensor": "matrx"}"#, #"w.safetensors: "matrx": expected a tensor, found none"#),
      (#"{"tensor": ""}"#, #"n.json: layers[0].weight.tensor: expected a name that is not empty, found """#),
      (#"{"tensor": 1}"#, "n.json: layers[0].weight.tensor: expected a name, found 1"),
      (#"{"tensor": ["matrix"]}"#, "n.json: layers[0].weight.tensor: expected a name, found an array of 1"),
      (#"{}"#, #"n.json: layers[0].weight: expected the key "tensor", found none"#),
      (
        #"{"tensor": "matrix", "shape": [2, 2]}"#,
        #"n.json: layers[0].weight: expected only the key tensor, found "shape""#
      ),
      (
        #"[{"tensor": "vector"}]"#, "n.json: layers[0].weight[0]: expected a list of numbers, found an object"
      ),
    ]
    for (tensor, line) in wrong { #expect(try dense(tensor) == line) }
    #expect(
      try layer(#""type": "dense", "weight": {"tensor": "matrix"}, "bias": {"tensor": "matrix"}"#)
        == "n.json: layers[0].bias: expected 2 numbers (the rows of weight), found shape [2, 2]")
    #expect(
      try layer(#""type": "scale", "weight": {"tensor": "matrix"}"#)
        == "n.json: layers[0].weight: expected shapes that broadcast, found [2, 2] over [2]")
    #expect(
      try layer(#""type": "scale", "weight": 1, "factors": {"tensor": "vector"}"#)
        == "n.json: layers[0].factors: expected a list of numbers, found an object")
    #expect(try layer(#""type": "scale", "weight": {"tensor": "single"}"#) == nil)
  }

  @Test(
    "The weights file is a safetensors file or an ONNX model, beside or below the JSON or anywhere, by a relative path"
  )
  func files() throws {
    let matrix = #"{"tensor": "matrix"}"#
    #expect(
      try dense(matrix, weights: #""../\#(folder.path.split(separator: "/").last!)/w.safetensors""#) == nil)
    #expect(
      try dense(matrix, weights: nil)
        == "n.json: layers[0].weight.tensor: expected the numbers themselves, or a file of weights under the key "
        + #""weights", found neither"#)
    mkfifo("\(folder.path)/pipe", 0o600)
    mkdir("\(folder.path)/folder", 0o700)
    symlink("w.safetensors", "\(folder.path)/link")
    #expect(try dense(matrix, weights: #""link""#) == nil)
    let wrong = [
      ("3", "n.json: weights: expected a name, found 3"),
      (#""""#, #"n.json: weights: expected a name that is not empty, found """#),
      (
        #""\#(folder.path)/w.safetensors""#,
        #"n.json: weights: expected a path from the folder of this file, found "w.safetensors""#
      ),
      (#""none.safetensors""#, "none.safetensors: expected a file, found none"),
      (#""-""#, "-: expected a file, found none"),
      (#""folder""#, "folder: expected a file, found a directory"),
      (#"".""#, ".: expected a file, found a directory"),
      (#""pipe""#, "pipe: expected a file, found a pipe or a device"),
      (
        #""n.json""#,
        "n.json: expected a safetensors file or an ONNX model, found neither"
      ),
    ]
    for (name, line) in wrong { #expect(try dense(matrix, weights: name) == line) }
  }

  @Test("A safetensors file is one whatever its first byte, and whatever it is called")
  func anyLengthOfHeader() throws {
    for name in ["v.safetensors", "v"] {
      for padding in 0..<256 {
        let header =
          #"{"matrix":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}}"#
          + String(repeating: " ", count: padding)
        _ = try folder.file(name, SafetensorsBytes.file(header, data: [UInt8](repeating: 0, count: 32)))
        #expect(
          try dense(#"{"tensor": "matrix"}"#, weights: "\"\(name)\"") == nil, "\(header.utf8.count) bytes")
      }
    }
    // What is called so is refused as one.
    _ = try folder.file("v.safetensors", [8, 7, 0x12])
    #expect(
      try dense(#"{"tensor": "matrix"}"#, weights: #""v.safetensors""#)
        == "v.safetensors: expected 8 bytes with the length of the header, found 3")
  }

  @Test("A file that was cut off is refused by its header, whatever is asked of it")
  func truncated() throws {
    let bytes = try FileContents(reading: "\(folder.path)/w.safetensors").bytes
    _ = try folder.file("w.safetensors", Array(bytes.dropLast()))
    #expect(
      try dense(#"{"tensor": "matrix"}"#)
        == "w.safetensors: header: integers.data_offsets: expected an end within 151 bytes of data, found 152"
    )
  }

  @Test("Running statistics are constants, and are looked at when they are read")
  func statistics() throws {
    let norm = { (mean: String, variance: String) in
      try layer(
        #""type": "batch_norm", "running_mean": {"tensor": "\#(mean)"}, "running_var": {"tensor": "\#(variance)"}"#
      )
    }
    #expect(try norm("vector", "vector") == nil)
    #expect(
      try norm("vector", "negative")
        == "n.json: layers[0].running_var: expected a variance above -1e-05, found -1.0 at position 1")
    #expect(
      try norm("vector", "nan")
        == "n.json: layers[0].running_var: expected a finite number, found nan at position 1")
    #expect(
      try norm("nan", "vector")
        == "n.json: layers[0].running_mean: expected a finite number, found nan at position 1")
    #expect(try norm("vector", "matrix") == "n.json: layers[0].running_var: expected shape [2], found [2, 2]")
  }

  @Test("Numbers that are not finite are found before anything is computed from them, wherever they stand")
  func notFinite() throws {
    let file = { (layer: String) in
      try ModelFile.read(
        try folder.file(
          "n.json",
          #"{"format": "network", "version": 1, "weights": "w.safetensors", "input": [2], "layers": [{\#(layer)}]}"#
        ))
    }
    for layer in [
      #""type": "scale", "weight": {"tensor": "nan"}"#,
      #""type": "shift", "bias": {"tensor": "nan"}"#,
      #""type": "layer_norm", "normalized_shape": 2, "weight": {"tensor": "nan"}"#,
      #""type": "block", "size": 2, "activation": "relu", "terms": [], "b": [{"vector": {"tensor": "nan"}}]"#,
      #""type": "equilibrium", "model": {"input": [2], "blocks": [{"name": "z", "size": 2, "activation": "relu"}], "#
        + #""output": "z", "b": [{"to": "z", "vector": {"tensor": "nan"}}]}"#,
    ] {
      let model = try file(layer)
      #expect {
        try model.requireFiniteNumbers()
      } throws: {
        "\($0)" == #"\#(folder.path)/w.safetensors: "nan": expected finite numbers, found nan at position 1"#
      }
    }
    try file(#""type": "scale", "weight": {"tensor": "vector"}"#).requireFiniteNumbers()
  }

  @Test("Tied parameters may stand under several names, where their numbers are the same")
  func tied() throws {
    let block = { (second: String) in
      try layer(
        #""type": "block", "size": 2, "activation": "relu", "terms": [{"matrix": {"tensor": "matrix"}, "parameter": "p"}, "#
          + #"{"matrix": \#(second), "parameter": "p"}]"#)
    }
    #expect(try block(#"{"tensor": "matrix"}"#) == nil)
    #expect(try block("[[1, 2], [3, 4]]") == nil)
    #expect(
      try block(#"{"tensor": "other"}"#)
        == #"n.json: layers[0].terms[1].parameter: expected the same numbers in every occurrence of a parameter, found "p" "#
        + "with others at layers[0].terms[0].parameter too")
  }

  // MARK: Writing

  private func matrices(_ entries: [(parameter: String?, number: Double)]) throws -> EquilibriumModel<Double>
  {
    let entries = entries.map { entry in
      #"{"to": "a", "matrix": [[\#(entry.number)]]"#
        + (entry.parameter.map { #", "parameter": "\#($0)""# } ?? "") + "}"
    }
    guard
      case .equilibrium(let model) = try model(
        #"""
        {"format": "equilibrium", "version": 1, "input": [1], "output": "a", "blocks": [{"name": "a", "size": 1,
         "activation": "relu"}], "Wx": [\#(entries.joined(separator: ", "))]}
        """#)
    else { fatalError("another format") }
    return model
  }

  @Test("Tensors of one name and other numbers get names of their own; those of the same numbers share one")
  func collectedNames() throws {
    let model = try matrices([
      ("p", 1), ("p", 2), ("p", 1), ("p'2", 3), (nil, 4), (nil, 4), (nil, 5), ("__metadata__", 6),
    ])
    let weights = CollectedWeights(file: "x.safetensors")
    let sink = MemorySink()
    try ModelFile.equilibrium(model).write(to: sink, weights: weights)
    #expect(
      weights.tensors.map(\.name) == ["p", "p'2", "p'2'2", "Wx[a]", "Wx[a]'2", "__metadata__'"])
    let file = try folder.file("x.json", sink.bytes)
    let numbers = MemorySink()
    try SafetensorsWriter(weights.tensors).write(to: numbers)
    _ = try folder.file("x.safetensors", numbers.bytes)
    #expect(try ModelFile.read(file).fingerprint == ModelFile.equilibrium(model).fingerprint)
  }

  @Test("Thousands of entries at one place are named in linear time", .timeLimit(.minutes(30)))
  func manyEntriesAtOnePlace() throws {
    let model = try matrices((0..<20_000).map { (nil, Double($0)) })
    let weights = CollectedWeights(file: "x.safetensors")
    try ModelFile.equilibrium(model).write(to: MemorySink(), weights: weights)
    #expect(weights.tensors.count == 20_000)
    #expect(weights.tensors.allSatisfy { $0.name.utf8.count < 20 })
  }

  @Test("A reference names the file as it was named, from the folder of what is written")
  func referencedPaths() throws {
    mkdir("\(folder.path)/folder", 0o700)
    symlink("w.safetensors", "\(folder.path)/link")
    let read = { (weights: String) in
      try ModelFile.read(
        try folder.file(
          "n.json",
          #"{"format": "network", "version": 1, "weights": "\#(weights)", "input": [2], "#
            + #""layers": [{"type": "scale", "weight": {"tensor": "vector"}}]}"#))
    }
    for (weights, target, name) in [
      ("w.safetensors", "m.json", "w.safetensors"), ("w.safetensors", "folder/m.json", "../w.safetensors"),
      ("folder/../w.safetensors", "m.json", "w.safetensors"), ("link", "folder/m.json", "../link"),
    ] {
      let model = try read(weights)
      #expect(
        try ReferencedWeights(to: model.tensors, writtenTo: "\(folder.path)/\(target)").file == name)
    }
    // The same file by two names is one file.
    let both = try read("w.safetensors").tensors + read("folder/../w.safetensors").tensors
    let weights = try ReferencedWeights(to: both, writtenTo: "\(folder.path)/m.json")
    #expect(both.map { weights.reference(to: $0, name: "") } == ["vector", "vector"])
  }
}
