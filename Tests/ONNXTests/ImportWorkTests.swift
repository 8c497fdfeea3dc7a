import FileAccess
import ModelFiles
import ONNXImport
import Testing

/// The work of an import grows with its file: operations are counted, not seconds.
@Suite("The work of an import")
struct ImportWorkTests {
  /// The summands visited and the numbers claimed while a model is read.
  private func work(_ builder: ModelBuilder) throws -> Int {
    let bytes = try builder.bytes
    let limits = ImportLimits(fileSize: bytes.count)
    let result = try ImportLimits.limiting(limits) { () -> Result<ModelFile, any Error> in
      Result { try ModelFile.read(FileContents(bytes, named: "m.onnx")) }
    }
    _ = try result.get()
    return limits.work + limits.numbers
  }

  /// A model of one input of three numbers.
  private func model(_ add: (inout ModelBuilder) -> Void) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3])
    add(&builder)
    return builder
  }

  /// `x + w + w + …`
  private func chain(_ count: Int) -> ModelBuilder {
    model { builder in
      builder.initializer("w", [3], [1, 2, 3])
      for index in 0..<count {
        // The chain is the first summand of one node, the second of the next.
        let inputs = [index == 0 ? "x" : "t\(index - 1)", "w"]
        builder.node("Add", index % 2 == 0 ? inputs : inputs.reversed(), ["t\(index)"])
      }
      builder.output("t\(count - 1)")
    }
  }

  /// One node of many inputs.
  private func wide(_ type: String, _ count: Int) -> ModelBuilder {
    model { builder in
      builder.node(
        type, [String](repeating: "x", count: count), ["y"], type == "Concat" ? [.int("axis", 1)] : [])
      builder.output("y")
    }
  }

  /// A product of numbers in the file, and a sum of it with the input.
  private func folded(_ count: Int) -> ModelBuilder {
    model { builder in
      builder.initializer("shape", integers: [count, 3])
      builder.node("ConstantOfShape", ["shape"], ["c"])
      builder.node("Exp", ["c"], ["e"])
      builder.node("ReduceSum", ["e"], ["s"], [.int("keepdims", 0)])
      builder.node("Add", ["x", "s"], ["y"])
      builder.output("y")
    }
  }

  @Test("A chain of twice as many sums takes twice the work")
  func chains() throws { try expectLinear(chain) }

  @Test("A node of twice as many inputs takes twice the work", arguments: ["Sum", "Mean", "Concat"])
  func wideNodes(_ type: String) throws { try expectLinear { wide(type, $0) } }

  @Test("Constants of twice as many numbers take twice the work")
  func constants() throws { try expectLinear(folded) }

  private func expectLinear(_ model: (Int) -> ModelBuilder) throws {
    let (once, twice) = (try work(model(500)), try work(model(1000)))
    #expect(once >= 500)
    #expect(Double(twice) <= 2.1 * Double(once), "\(once) and \(twice)")
  }

  @Test("A model that claims more numbers than the limit is refused, however it is put together")
  func limit() throws {
    let message = try model { builder in
      builder.initializer("shape", integers: [1 << 25, 3])
      builder.node("ConstantOfShape", ["shape"], ["c"])
      builder.node("ReduceSum", ["c"], ["s"], [.int("keepdims", 0)])
      builder.node("Add", ["x", "s"], ["y"])
      builder.output("y")
    }.message()
    #expect(message?.hasPrefix("ConstantOfShape \"c\": expected ") == true, "\(message ?? "accepted")")
  }
}
