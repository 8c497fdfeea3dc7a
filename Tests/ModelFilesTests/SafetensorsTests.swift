import FileAccess
import LinearAlgebra
import ModelFiles
import TensorFiles
import Testing

@Suite("Safetensors files")
struct SafetensorsTests {
  private let folder = TemporaryFolder()

  private func write(
    _ tensors: [(name: String, tensor: Tensor<Double>)], metadata: [(key: String, value: String)] = []
  ) throws -> SafetensorsFile {
    let sink = MemorySink()
    try SafetensorsWriter(tensors, metadata: metadata).write(to: sink)
    return try SafetensorsFile(folder.file("y.safetensors", sink.bytes))
  }

  @Test("A file's tensors are read as they stand there")
  func reading() throws {
    let file = try SafetensorsFile(folder.file("x.safetensors", SafetensorsBytes.sample))
    #expect(file.names == ["b", "a", "c", "e"])
    #expect(file.metadata == ["format": "pt"])
    #expect(file.contains("c") && !file.contains("C"))
    let a = try file.tensor(named: "a")
    #expect(a.type == .float32 && a.tensor == Tensor(shape: [1, 2], elements: [1.5, -2]))
    let b = try file.tensor(named: "b")
    #expect(b.type == .float16 && b.tensor == Tensor(shape: [], elements: [0.5]))
    let e = try file.tensor(named: "e")
    #expect(e.type == .float64 && e.tensor == Tensor(shape: [0, 7], elements: []))
  }

  @Test(
    "Tensors from anywhere come back bit by bit, those of files in their type, others in double precision")
  func roundTrip() throws {
    let source = try SafetensorsFile(folder.file("x.safetensors", SafetensorsBytes.sample))
    let numbers: [Double] = [0.1, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, 1.7e308]
    let tensors: [(name: String, tensor: Tensor<Double>)] = [
      ("half \"quoted\" é\n", try source.tensor(named: "b").tensor),
      ("new", Tensor(shape: [2, 3], elements: numbers)),
      ("single", try source.tensor(named: "a").tensor.reshaped([2])),
      ("empty", try source.tensor(named: "e").tensor),
      ("nan", Tensor([.nan])),
    ]
    let file = try write(tensors, metadata: [("made by", "a \"test\"\t")])
    #expect(file.names == tensors.map(\.name))
    #expect(file.metadata == ["made by": "a \"test\"\t"])
    #expect(
      try file.names.map { try file.tensor(named: $0).type } == [
        .float16, .float64, .float32, .float64, .float64,
      ])
    for (name, tensor) in tensors {
      let back = try file.tensor(named: name).tensor
      #expect(back.shape == tensor.shape)
      #expect(back.elements.map(\.bitPattern) == tensor.elements.map(\.bitPattern))
    }
  }

  @Test("The data, and each tensor's numbers, are aligned; the same tensors give the same bytes")
  func layout() throws {
    let source = try SafetensorsFile(folder.file("x.safetensors", SafetensorsBytes.sample))
    for name in ["w", "we", "wei", "weig", "weigh", "weight", "weight0", "weight01"] {
      let tensors: [(name: String, tensor: Tensor<Double>)] = [
        (name, try source.tensor(named: "b").tensor), ("double", Tensor([1])),
        ("single", try source.tensor(named: "a").tensor),
      ]
      let (first, second) = (MemorySink(), MemorySink())
      try SafetensorsWriter(tensors).write(to: first)
      try SafetensorsWriter(tensors).write(to: second)
      #expect(first.bytes == second.bytes)
      #expect((first.bytes.count - 8 - 8 - 2) % 8 == 0)
      #expect(first.bytes.suffix(18).prefix(8) == [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
      #expect(first.bytes.suffix(2) == [0, 0x38])
    }
  }

  @Test("A name stands in a file once")
  func names() throws {
    for (names, problem) in [
      (["a", "a"], "\"a\": expected a tensor with a name of its own, found two"),
      (
        ["__metadata__"],
        "\"__metadata__\": expected a tensor with a name that the format can say, found another"
      ),
      (["a\0"], "\"a\\u{0}\": expected a tensor with a name that the format can say, found another"),
    ] {
      #expect {
        try SafetensorsWriter(names.map { ($0, Tensor([1])) }).write(to: MemorySink())
      } throws: { error in
        "\(error)" == "memory: \(problem)"
      }
    }
  }

  @Test("No tensors make a file")
  func empty() throws {
    #expect(try write([]).names.isEmpty)
  }

  @Test("Every half-precision number is written as it was read, and what lies between is rounded to even")
  func halves() throws {
    let all = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    for type in ["F16", "BF16"] {
      let bytes = SafetensorsBytes.file(
        "{\"a\":{\"dtype\":\"\(type)\",\"shape\":[65536],\"data_offsets\":[0,131072]}}", data: all)
      let tensor = try SafetensorsFile(folder.file("h.safetensors", bytes)).tensor(named: "a")
      let numbers = tensor.read()
      let back = tensor.type.bytes(of: numbers)
      for (index, number) in numbers.enumerated() where !number.isNaN {
        #expect(back[2 * index] == all[2 * index] && back[2 * index + 1] == all[2 * index + 1], "\(number)")
      }
    }
    func half(_ number: Double) -> Double { number.rounded(as: .float16) }
    #expect(
      half(1 + 0x1p-11) == 1 && half(1 + 0x3p-11) == 1 + 0x1p-9 && half(1 + 0x1p-11 + 0x1p-40) == 1 + 0x1p-10)
    #expect(
      half(65_519) == 65_504 && half(65_520) == .infinity && half(0x1p-25) == 0 && half(0x3p-26) == 0x1p-24)
    func brain(_ number: Double) -> Double { number.rounded(as: .bfloat16) }
    #expect(
      brain(1 + 0x1p-8) == 1 && brain(1 + 0x3p-8) == 1 + 0x1p-6 && brain(1 + 0x1p-8 + 0x1p-40) == 1 + 0x1p-7)
    #expect(
      brain(-1 - 0x1p-8 - 0x1p-40) == -1 - 0x1p-7 && brain(-1 - 0x1p-8 + 0x1p-40) == -1
        && brain(1e39) == .infinity)
  }
}

extension Double {
  /// The number after it has been written in this type.
  fileprivate func rounded(as type: NumberType) -> Double {
    type.bytes(of: [self]).withUnsafeBytes { type.numbers(in: $0)[0] }
  }
}
