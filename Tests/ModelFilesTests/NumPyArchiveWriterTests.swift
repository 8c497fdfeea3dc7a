import FileAccess
import TensorFiles
import Testing

@Suite("Writing NumPy archives")
struct NumPyArchiveWriterTests {
  /// What is written of two arrays, or why it is not.
  private static func archive(
    isDeflated: Bool, largestFile: Int = NumPyArchiveWriter.largestFile
  ) -> Result<[UInt8], FileError> {
    Result { () throws(FileError) in
      let sink = MemorySink(named: "a.npz")
      var writer = NumPyArchiveWriter(to: sink, isDeflated: isDeflated, largestFile: largestFile)
      try writer.add("first", [1.5, -2] as [Double], shape: [2])
      try writer.add("größer", [0, 1, 2, 3] as [Int32], shape: [2, 2])
      try writer.finish()
      return sink.bytes
    }
  }

  @Test(
    "A file that would reach the limit is refused before its directory is, to the byte",
    arguments: [false, true])
  func limit(isDeflated: Bool) throws {
    let whole = try Self.archive(isDeflated: isDeflated).get()
    #expect(try Self.archive(isDeflated: isDeflated, largestFile: whole.count + 1).get() == whole)
    guard case .failure(let error) = Self.archive(isDeflated: isDeflated, largestFile: whole.count) else {
      Issue.record("written, to the limit")
      return
    }
    #expect(error.kind == .cannotCreate)
    #expect(
      error.description.hasPrefix(
        "a.npz: \"größer.npy\": expected a file of less than \(whole.count) bytes, the limit of zip files, found "
      ))
  }
}
