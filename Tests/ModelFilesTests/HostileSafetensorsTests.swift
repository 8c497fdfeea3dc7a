import FileAccess
import ModelFiles
import TensorFiles
import Testing

/// Every promise of the format, broken.
@Suite("Safetensors files that must be refused")
struct HostileSafetensorsTests {
  private let folder = TemporaryFolder()

  @Test(
    "The length of the header is within bounds and within the file",
    arguments: [
      Refusal(bytes: [], "expected 8 bytes with the length of the header, found 0"),
      Refusal(bytes: [1, 0, 0], "expected 8 bytes with the length of the header, found 3"),
      Refusal(bytes: SafetensorsBytes.file(""), "header: expected '{', found no header"),
      Refusal(
        bytes: SafetensorsBytes.file("{}", length: 3), "expected a header of 3 bytes, found the end after 2"),
      Refusal(
        bytes: SafetensorsBytes.file("{}", length: 100_000_000),
        "expected a header of 100000000 bytes, found the end after 2"),
      Refusal(
        bytes: SafetensorsBytes.file("{}", length: 100_000_001),
        "expected a header of at most 100000000 bytes, found a length of 100000001"),
      Refusal(
        bytes: SafetensorsBytes.file("{}", length: .max),
        "expected a header of at most 100000000 bytes, found a length of 18446744073709551615"),
      Refusal(
        bytes: SafetensorsBytes.file("{}", length: 1 << 63),
        "expected a header of at most 100000000 bytes, found a length of 9223372036854775808"),
    ])
  func length(_ refusal: Refusal) throws {
    #expect(try folder.message(opening: refusal.text) == refusal.message)
  }

  @Test(
    "The header is a JSON object that begins with its brace",
    arguments: [
      Refusal(bytes: SafetensorsBytes.file(" {}"), "header: expected '{', found byte 0x20"),
      Refusal(bytes: SafetensorsBytes.file("[]"), "header: expected '{', found byte 0x5B"),
      Refusal(bytes: SafetensorsBytes.file("\u{FEFF}{}"), "header: expected '{', found byte 0xEF"),
      Refusal(bytes: SafetensorsBytes.file("{} {}"), "header: 1:4: expected JSON, found '{'"),
      Refusal(bytes: SafetensorsBytes.file("{}\0"), "header: 1:3: expected JSON, found a NUL byte"),
      Refusal(
        bytes: SafetensorsBytes.file("{\"a\":"), "header: 1:6: expected JSON, found the end of the file"),
      Refusal(
        bytes: SafetensorsBytes.file(
          "{\"a\":" + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "}"),
        "header: 1:70: expected at most 64 nested arrays and objects, found '['"),
      Refusal(
        bytes: SafetensorsBytes.file("{\"a.b\":{},\"a.b\":{}}"),
        "header: [\"a.b\"]: expected one such key, found another at 1:11"),
      Refusal(
        bytes: SafetensorsBytes.file("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}"),
        "header: a.dtype: expected one such key, found another at 1:21"),
      Refusal(
        bytes: Array("\u{9}\0\0\0\0\0\0\0{\"".utf8) + [0xFF] + Array("\":{}} ".utf8),
        "header: 1:3: expected UTF-8, found byte 0xFF"),
      Refusal(bytes: SafetensorsBytes.file("{\"a\":null}"), "header: a: expected an object, found null"),
    ])
  func header(_ refusal: Refusal) throws {
    #expect(try folder.message(opening: refusal.text) == refusal.message)
  }

  @Test(
    "A tensor has type, shape and offsets, and nothing else",
    arguments: [
      Refusal(
        bytes: SafetensorsBytes.file("{\"a\":{\"shape\":[],\"data_offsets\":[0,0]}}"),
        "header: a: expected the key \"dtype\", found none"),
      Refusal(
        bytes: SafetensorsBytes.file("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0]}}"),
        "header: a: expected the key \"shape\", found none"),
      Refusal(
        bytes: SafetensorsBytes.file("{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}"),
        "header: a: expected the key \"data_offsets\", found none"),
      Refusal(
        bytes: SafetensorsBytes.one(more: ",\"stride\":[1]"),
        "header: a: expected only the keys dtype, shape, data_offsets, found \"stride\""),
      Refusal(
        bytes: SafetensorsBytes.one(dtype: "\"f32\""),
        "header: a.dtype: expected a type that the format has, found \"f32\""),
      Refusal(
        bytes: SafetensorsBytes.one(dtype: "4"), "header: a.dtype: expected the name of a type, found 4"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "2"), "header: a.shape: expected a list of extents, found 2"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[-2]"),
        "header: a.shape[0]: expected an integer of at least 0, found -2"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[2,-0]"),
        "header: a.shape[1]: expected an integer of at least 0, found -0"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[2.0]"),
        "header: a.shape[0]: expected an integer of at least 0, found 2.0"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[2e0]"),
        "header: a.shape[0]: expected an integer of at least 0, found 2e0"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[true]"),
        "header: a.shape[0]: expected an integer of at least 0, found true"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[18446744073709551618]"),
        "header: a.shape[0]: expected an integer up to 999999999999999999, found 18446744073709551618"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[4294967296,4294967296]"),
        "header: a.shape: expected a shape of fewer than 2^63 bits, found [4294967296, 4294967296]"),
      Refusal(
        bytes: SafetensorsBytes.one(shape: "[288230376151711744,0]"),
        "header: a.shape: expected a shape of fewer than 2^63 bits, found [288230376151711744, 0]"),
      Refusal(
        bytes: SafetensorsBytes.one(dtype: "\"F4\"", shape: "[3]", offsets: "[0,2]", data: 2),
        "header: a.shape: expected whole bytes for F4 of shape [3], found 12 bits"),
      Refusal(
        bytes: SafetensorsBytes.file("{\"__metadata__\":{\"a\":1}}"),
        "header: __metadata__.a: expected a string, found 1"),
      Refusal(
        bytes: SafetensorsBytes.file("{\"__metadata__\":\"a\"}"),
        "header: __metadata__: expected an object, found \"a\""),
    ])
  func tensor(_ refusal: Refusal) throws {
    #expect(try folder.message(opening: refusal.text) == refusal.message)
  }

  private static func two(_ first: String, _ second: String, data: Int) -> [UInt8] {
    SafetensorsBytes.file(
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":\(first)},"
        + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":\(second)}}",
      data: [UInt8](repeating: 0, count: data))
  }

  @Test(
    "Tensors cover the data: no overlap, no hole, nothing missing, nothing left",
    arguments: [
      Refusal(
        bytes: SafetensorsBytes.one(offsets: "[0]"),
        "header: a.data_offsets: expected a begin and an end, found [0]"),
      Refusal(
        bytes: SafetensorsBytes.one(offsets: "[0,4,8]"),
        "header: a.data_offsets: expected a begin and an end, found [0, 4, 8]"),
      Refusal(
        bytes: SafetensorsBytes.one(offsets: "[8,0]"),
        "header: a.data_offsets: expected a begin and an end, found [8, 0]"),
      Refusal(
        bytes: SafetensorsBytes.one(offsets: "[-8,0]"),
        "header: a.data_offsets[0]: expected an integer of at least 0, found -8"),
      Refusal(
        bytes: SafetensorsBytes.one(offsets: "[0,9223372036854775808]"),
        "header: a.data_offsets[1]: expected an integer up to 999999999999999999, found 9223372036854775808"),
      Refusal(
        bytes: SafetensorsBytes.one(offsets: "[0,7]"),
        "header: a.data_offsets: expected 8 bytes for F32 of shape [2], found 7"),
      Refusal(
        bytes: SafetensorsBytes.one(offsets: "[4,12]", data: 12),
        "header: a.data_offsets: expected 0 as the begin, where the data begins, found 4"),
      Refusal(
        bytes: SafetensorsBytes.one(data: 7),
        "header: a.data_offsets: expected an end within 7 bytes of data, found 8"),
      Refusal(bytes: SafetensorsBytes.one(data: 9), "header: expected 8 bytes of data, found 9"),
      Refusal(bytes: SafetensorsBytes.file("{}", data: [0]), "header: expected 0 bytes of data, found 1"),
      Refusal(
        bytes: two("[0,4]", "[5,9]", data: 9),
        "header: b.data_offsets: expected 4 as the begin, where \"a\" ends, found 5"),
      Refusal(
        bytes: two("[0,4]", "[3,7]", data: 7),
        "header: b.data_offsets: expected 4 as the begin, where \"a\" ends, found 3"),
      Refusal(
        bytes: two("[0,4]", "[0,4]", data: 4),
        "header: b.data_offsets: expected 4 as the begin, where \"a\" ends, found 0"),
      Refusal(
        bytes: two("[4,8]", "[0,4]", data: 7),
        "header: a.data_offsets: expected an end within 7 bytes of data, found 8"),
    ])
  func coverage(_ refusal: Refusal) throws {
    #expect(try folder.message(opening: refusal.text) == refusal.message)
  }

  @Test("A file cut off at any byte is refused")
  func truncation() throws {
    for length in SafetensorsBytes.sample.indices {
      let message = try folder.message(opening: Array(SafetensorsBytes.sample[..<length]))
      #expect(message != nil, "cut off after \(length) bytes")
    }
    #expect(try folder.message(opening: SafetensorsBytes.sample) == nil)
  }

  @Test("A file with any one bit flipped is refused on one line, or its tensors lie within it")
  func flips() throws {
    var accepted = 0
    for index in SafetensorsBytes.sample.indices {
      for bit in 0..<8 {
        var bytes = SafetensorsBytes.sample
        bytes[index] ^= 1 << bit
        guard try folder.message(opening: bytes) == nil else { continue }
        accepted += 1
        let file = try SafetensorsFile("\(folder.path)/x.safetensors")
        for name in file.names {
          guard let tensor = try? file.tensor(named: name) else { continue }
          #expect(tensor.read().count == tensor.shape.reduce(1, *))
        }
      }
    }
    // Names, types of one width and numbers may become others.
    #expect(accepted > 96 && accepted < SafetensorsBytes.sample.count * 4)
  }

  @Test("A tensor that is not there, or has no floating-point numbers, is refused by name")
  func unusable() throws {
    let path = try folder.file("x.safetensors", SafetensorsBytes.sample)
    let file = try SafetensorsFile(path)
    #expect(
      try folder.message(at: path) { () throws(FileError) in try file.tensor(named: "A") }
        == "\"A\": expected a tensor, found none")
    #expect(
      try folder.message(at: path) { () throws(FileError) in try file.tensor(named: "c") }
        == "\"c\": expected numbers of type F64, F32, F16 or BF16, found I16")
  }

  @Test("What is no regular file is refused")
  func noFile() throws {
    for path in ["\(folder.path)/absent", folder.path, "/dev/null", ""] {
      #expect {
        try SafetensorsFile(path)
      } throws: { error in
        (error as? FileError)?.kind == .noInput
      }
    }
  }
}
