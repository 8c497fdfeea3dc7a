import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import ModelFiles
import ONNXExport
import Operators
import TensorFiles
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc

  /// Weights may be larger than memory.
  @Suite("Memory for the export of large weights", .serialized)
  struct LargeExportTests {
    /// Takes bytes, and looks how much memory the process has at each piece.
    private final class Gauge: ByteSink {
      let name = "nowhere"
      private let before = residentBytes
      private(set) var growth = 0
      private(set) var count = 0
      private var ones = 0

      func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        count += bytes.count
        // What is written is looked at, as by the system.
        ones += memchr(bytes.baseAddress!, 0xFF, bytes.count) == nil ? 0 : 1
        growth = max(growth, residentBytes - before)
      }
    }

    /// A safetensors file with one matrix of zeros, which takes no room on the disk.
    private func file(_ type: String, size: Int, bytes count: Int, in folder: TemporaryFolder) -> String {
      let path = folder.url.appending(path: "large.safetensors").path()
      let header = Array(
        "{\"w\":{\"dtype\":\"\(type)\",\"shape\":[\(count / size / 1000),1000],\"data_offsets\":[0,\(count)]}}"
          .utf8)
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      defer { close(descriptor) }
      let bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
      precondition(write(descriptor, bytes, bytes.count) == bytes.count)
      ftruncate(descriptor, off_t(bytes.count + count))
      return path
    }

    @Test(
      "A large matrix is exported in a small part of its size",
      .disabled(if: Sanitizer.isOn, "a sanitizer's notes on the memory count as the test's"),
      arguments: [("F32", 4, 200_000_000), ("F64", 8, 48_000_000), ("F16", 2, 24_000_000)])
    func writing(type: String, size: Int, count: Int) throws {
      let folder = try TemporaryFolder()
      let path = file(type, size: size, bytes: count, in: folder)
      var growth: [Int] = []
      // Other tests allocate at the same time, which an attempt may happen to see.
      for _ in 0..<10 where growth.allSatisfy({ $0 > 20_000_000 }) {
        let tensor = try SafetensorsFile(path).tensor(named: "w").tensor
        let map = DenseMap<Double>(tensor)
        let model = try EquilibriumModel<Double>(
          inputShape: [1000],
          blocks: [
            Block(
              name: "a", size: tensor.shape[0], nonlinearity: ReLU(), terms: [Term(source: .input, map: map)])
          ], output: 0)
        let gauge = Gauge()
        let export = try ONNXExport(model)
        try export.write(to: gauge)
        #expect(gauge.count == export.byteCount && gauge.count > count / size * 4)
        growth.append(gauge.growth)
      }
      #expect(growth.min()! <= 20_000_000, "\(growth) bytes")
    }
  }

  /// How much memory of the process is resident, as the kernel counts it.
  private var residentBytes: Int {
    guard let text = try? String(decoding: FileContents(reading: "/proc/self/statm").bytes, as: UTF8.self)
    else {
      return 0
    }
    // The second number is the resident set in pages.
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    return numbers.count > 1 ? numbers[1] * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }
#endif
