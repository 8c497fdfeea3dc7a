import FileAccess
import ModelFiles
import TestSupport
import Testing

/// Which files a model was read from.
@Suite("Provenance")
struct ProvenanceTests {
  private let folder = TemporaryFolder()

  @Test("SHA-256 gives the digests of FIPS 180-4's examples")
  func digests() {
    let examples = [
      "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq":
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ]
    for (message, digest) in examples {
      #expect(SHA256Digest(of: Array(message.utf8)).description == digest)
    }
  }

  @Test("A model with inline numbers is read from one file, a model with weights from two")
  func files() throws {
    let text = #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "relu"}]}"#
    let path = try folder.file("n.json", text)
    let plain = try ModelFile.readNotingFiles(path)
    #expect(plain.files == [InputFile(path: path, digest: SHA256Digest(of: Array(text.utf8)))])

    let bytes = SafetensorsBytes.sample
    let weights = try folder.file("w.safetensors", bytes)
    let referring =
      #"{"format": "network", "version": 1, "weights": "w.safetensors", "input": [2], "layers": ["#
      + #"{"type": "dense", "weight": {"tensor": "a"}}, {"type": "dense", "weight": [[1]]}]}"#
    let other = try folder.file("m.json", referring)
    let read = try ModelFile.readNotingFiles(other)
    #expect(
      read.files == [
        InputFile(path: other, digest: SHA256Digest(of: Array(referring.utf8))),
        InputFile(path: weights, digest: SHA256Digest(of: bytes)),
      ])
    #expect(
      InputFile.identity(of: read.files)
        == SHA256Digest(of: read.files[0].digest.bytes + read.files[1].digest.bytes))
  }

  @Test("A file larger than the pieces it is read in has the digest of its bytes")
  func large() throws {
    let count = 300_001
    let data = (0..<count * 8).map { UInt8(truncatingIfNeeded: $0 / 8 % 8 == 0 ? $0 : 0) }
    let header = #"{"a":{"dtype":"F64","shape":[1,\#(count)],"data_offsets":[0,\#(count * 8)]}}"#
    let bytes = SafetensorsBytes.file(header, data: data)
    _ = try folder.file("w.safetensors", bytes)
    let path = try folder.file(
      "n.json",
      #"{"format": "network", "version": 1, "weights": "w.safetensors", "input": [\#(count)], "layers": ["#
        + #"{"type": "dense", "weight": {"tensor": "a"}}]}"#)
    #expect(try ModelFile.readNotingFiles(path).files[1].digest == SHA256Digest(of: bytes))
  }

  @Test(
    "Python's hashlib finds the same digests", .enabled(if: Python.has("hashlib"), "Python lacks hashlib"))
  func python() throws {
    let path = try folder.file(
      "n.json", #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "tanh"}]}"#)
    let printed = try Python.run(
      "import hashlib\nprint(hashlib.sha256(open('n.json', 'rb').read()).hexdigest())", in: folder.path)
    #expect(try ModelFile.readNotingFiles(path).files[0].digest.description + "\n" == printed)
  }
}
