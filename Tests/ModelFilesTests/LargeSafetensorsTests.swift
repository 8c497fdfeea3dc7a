import FileAccess
import ModelFiles
import TensorFiles
import Testing

#if canImport(Glibc)
  import Glibc

  /// Weights may be larger than memory.
  @Suite("Memory for large weights", .serialized)
  struct LargeSafetensorsTests {
    private let folder = TemporaryFolder()

    /// A file with one tensor of zeros, of this many bytes, that takes no room on the disk.
    private func file(bytes: Int) throws -> String {
      let path = try folder.file(
        "large.safetensors",
        SafetensorsBytes.file(
          "{\"w\":{\"dtype\":\"F32\",\"shape\":[\(bytes / 4)],\"data_offsets\":[0,\(bytes)]}}"))
      var status = stat()
      stat(path, &status)
      truncate(path, status.st_size + off_t(bytes))
      return path
    }

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

    @Test("A tensor of 200 MB is written in a small part of its size")
    func writing() throws {
      let path = try file(bytes: 200_000_000)
      var growth: [Int] = []
      // Other tests allocate at the same time, which an attempt may happen to see.
      for _ in 0..<10 where growth.allSatisfy({ $0 > 20_000_000 }) {
        // A mapping of its own: what an attempt has left in memory goes with it.
        let tensor = try SafetensorsFile(path).tensor(named: "w").tensor
        let gauge = Gauge()
        try SafetensorsWriter([("w", tensor)]).write(to: gauge)
        #expect(gauge.count > 200_000_000)
        growth.append(gauge.growth)
      }
      #expect(growth.min()! <= 20_000_000, "\(growth) bytes")
    }

    @Test("A file of 300 MB is opened without looking at its data")
    func opening() throws {
      let path = try file(bytes: 300_000_000)
      var growth: [Int] = []
      for _ in 0..<10 {
        let before = residentBytes
        let file = try SafetensorsFile(path)
        growth.append(residentBytes - before)
        #expect(try file.tensor(named: "w").shape == [75_000_000])
      }
      #expect(growth.min()! <= 4_000_000, "\(growth) bytes")
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
