#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A destination for bytes, in order: a file, standard output, memory.
public protocol ByteSink: AnyObject {
  /// The name used in messages.
  var name: String { get }

  /// Takes all bytes, or throws.
  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError)
}

/// A sink that keeps the bytes in memory.
public final class MemorySink: ByteSink {
  /// The name used in messages.
  public let name: String
  /// Everything written so far.
  public private(set) var bytes: [UInt8] = []

  /// An empty sink.
  public init(named name: String = "memory") {
    self.name = name
  }

  /// Appends the bytes; never throws.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    self.bytes.append(contentsOf: bytes)
  }
}

/// A sink that keeps nothing.
public final class NullSink: ByteSink {
  /// The name used in messages.
  public let name: String

  /// A sink with a name for messages.
  public init(named name: String) {
    self.name = name
  }

  /// Drops the bytes; never throws.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {}
}

/// A sink that hands its bytes on and computes their digest.
package final class DigestingSink: ByteSink {
  package var name: String { sink.name }
  private let sink: any ByteSink
  private var hash = SHA256()

  package init(_ sink: any ByteSink) {
    self.sink = sink
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    hash.update(bytes)
    try sink.write(bytes)
  }

  /// The digest of everything written; called once, at the end.
  package func finish() -> SHA256Digest { hash.finish() }
}

/// A sink that writes to an open file descriptor. It does not close the descriptor.
///
/// A closed pipe is an error here only if the process ignores `SIGPIPE`.
public final class DescriptorSink: ByteSink {
  /// The name used in messages.
  public let name: String
  package let descriptor: Int32

  /// A sink on a descriptor that is open for writing.
  public init(_ descriptor: Int32, named name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// A sink on standard output.
  public static func standardOutput() -> DescriptorSink {
    DescriptorSink(STDOUT_FILENO, named: "standard output")
  }

  /// Writes all bytes, in as many calls as it takes.
  ///
  /// - Throws: `FileError` of kind `inputOutput`: a full disk, a closed pipe.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      switch retrying(on: descriptor, for: Int32(POLLOUT), { Self.writeOnce(descriptor, rest) }) {
      case .success(let count): rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      case .failure(let failure):
        throw FileError(.inputOutput, file: name, cannot: "written", code: failure.code)
      }
    }
  }

  private static func writeOnce(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Darwin)
      // The system refuses more than INT_MAX bytes at once.
      Darwin.write(descriptor, bytes.baseAddress, min(bytes.count, 1 << 30))
    #endif
  }
}

extension ByteSink {
  /// Writes all bytes of an array.
  public func write(_ bytes: [UInt8]) throws(FileError) {
    // A closure that throws FileError by its type and returns nothing crashes the 6.3 compiler here.
    let failure = bytes.withUnsafeBytes { bytes -> FileError? in
      do throws(FileError) {
        try write(bytes)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }
}
