import FileAccess
import Foundation
import ModelFiles
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a call throws, as a kind and a line.
private func failure(_ call: () throws(FileError) -> Void) -> (kind: FileError.Kind, line: String)? {
  do throws(FileError) {
    try call()
    return nil
  } catch {
    return (error.kind, error.description)
  }
}

extension AtomicFile {
  /// Writes a text.
  fileprivate func write(_ text: String) throws(FileError) {
    let bytes = Array(text.utf8)
    try write { sink throws(FileError) in
      try bytes.withUnsafeBufferPointer { bytes throws(FileError) in
        try sink.write(UnsafeRawBufferPointer(bytes))
      }
    }
  }
}

@Suite("Reading files")
struct FileReadingTests {
  @Test(
    "Bytes are those of a file if all are equal and neither has more",
    arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20])
  func comparison(count: Int) throws {
    let folder = TemporaryFolder()
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    let contents = FileContents(bytes, named: "m.json")
    func areThose(_ other: [UInt8]) throws -> Bool {
      try Data(other).write(to: URL(filePath: "\(folder.path)/m.json"))
      return try contents.areThose(of: "\(folder.path)/m.json")
    }
    #expect(try areThose(bytes))
    #expect(try !areThose(bytes + [0]))
    if count > 0 { #expect(try !areThose(bytes.dropLast())) }
    for place in [0, count / 2, count - 1] where bytes.indices.contains(place) {
      var other = bytes
      other[place] ^= 1
      #expect(try !areThose(other), "byte \(place)")
    }
  }

  @Test("What cannot be read is located and of kind noInput")
  func missing() throws {
    let folder = TemporaryFolder()
    symlink("loop", "\(folder.path)/loop")
    mkdir("\(folder.path)/inner", 0o755)
    let file = try folder.file("file", "x")
    let long = String(repeating: "x", count: 300)
    for (path, problem) in [
      ("\(folder.path)/none.json", "expected a file, found none"),
      (
        "\(folder.path)/inner",
        "expected a file, or a folder with one model, found a folder without .onnx, .nnet and .json"
      ),
      ("\(folder.path)/loop", "cannot be opened: Too many levels of symbolic links"),
      ("\(file)/x.json", "cannot be opened: Not a directory"),
      ("\(folder.path)/\(long)", "cannot be opened: File name too long"),
      ("", "expected the path of a file, found \"\""),
    ] {
      let failure = try #require(failure { () throws(FileError) in _ = try ModelFile.read(path) })
      #expect(failure.kind == .noInput)
      #expect(failure.line == (path.isEmpty ? problem : "\(path): \(problem)"))
    }
  }

  @Test(
    "A file without permission is of kind noInput", .enabled(if: geteuid() != 0, "root may read everything"))
  func unreadable() throws {
    let folder = TemporaryFolder()
    let path = try folder.file("secret.json", "{}")
    chmod(path, 0)
    let failure = try #require(failure { () throws(FileError) in _ = try ModelFile.read(path) })
    #expect(failure.kind == .noInput && failure.line == "\(path): cannot be opened: Permission denied")
  }

  @Test(
    "Reading that fails half-way is of kind inputOutput", .enabled(if: access("/proc/self/mem", R_OK) == 0))
  func failing() throws {
    let failure = try #require(failure { () throws(FileError) in _ = try ModelFile.read("/proc/self/mem") })
    #expect(
      failure.kind == .inputOutput && failure.line == "/proc/self/mem: cannot be read: Input/output error")
  }

  @Test("A name that would break the line is escaped")
  func oddName() throws {
    let failure = try #require(
      failure { () throws(FileError) in _ = try ModelFile.read("/none\n\u{1B}.json") })
    #expect(failure.line == "/none\\u{A}\\u{1B}.json: expected a file, found none")
  }

  @Test(
    "A pipe is read to its end, however the bytes arrive", arguments: [0, 1, 65_535, 65_536, 65_537, 300_000])
  func pipe(_ count: Int) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    // A thread of its own: both ends block.
    Thread.detachNewThread {
      let descriptor = open(path, O_WRONLY)
      defer { close(descriptor) }
      try? bytes.withUnsafeBytes { try DescriptorSink(descriptor, named: "pipe").write($0) }
    }
    #expect(try FileContents(reading: path).bytes == bytes)
  }

  @Test("A file of any length is read whole", arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
  func wholeFile(_ count: Int) throws {
    let folder = TemporaryFolder()
    let text = String(repeating: "x", count: count)
    _ = try folder.file("file", text)
    #expect(try folder.text(of: "file") == text)
  }
}

@Suite("Writing files")
struct AtomicFileTests {
  @Test("The target appears complete, and nothing else stays")
  func commit() throws {
    let folder = TemporaryFolder()
    let file = try AtomicFile("\(folder.path)/out.json")
    try file.write("new")
    #expect(!folder.names.contains("out.json"))
    #expect(try FileContents(reading: #require(file.temporaryPath)).bytes == Array("new".utf8))
    #expect(try file.compareWithTarget() == .absent)
    try file.commit()
    #expect(folder.names == ["out.json"])
    #expect(try folder.text(of: "out.json") == "new")
    #expect(file.temporaryPath == nil)
  }

  @Test("Discarding, forgetting or failing leaves the target as it was")
  func discard() throws {
    let folder = TemporaryFolder()
    let path = try folder.file("out.json", "old")
    let discarded = try AtomicFile(path)
    try discarded.write("new")
    discarded.discard()
    discarded.discard()
    try AtomicFile(path).write("new")
    let failing = try AtomicFile(path)
    let failure = failure { () throws(FileError) in
      try failing.write { sink throws(FileError) in throw FileError(.badData, file: sink.name, "no") }
    }
    #expect(failure?.line == "\(path): no")
    #expect(folder.names == ["out.json"])
    #expect(try folder.text(of: "out.json") == "old")
  }

  @Test("A target that exists is compared by its bytes")
  func compare() throws {
    let folder = TemporaryFolder()
    let path = try folder.file("out.json", "old")
    for (text, comparison) in [("old", AtomicFile.TargetState.same), ("new", .different), ("", .different)] {
      let file = try AtomicFile(path)
      try file.write(text)
      #expect(try file.compareWithTarget() == comparison)
    }
  }

  @Test("Files of several pieces are compared to their last byte")
  func compareLarge() throws {
    let folder = TemporaryFolder()
    var bytes = [UInt8](repeating: 7, count: 3 << 20)
    let path = try folder.file("large", bytes)
    for (last, comparison) in [(7, AtomicFile.TargetState.same), (8, .different)] {
      bytes[bytes.count - 1] = UInt8(last)
      let file = try AtomicFile(path)
      try file.write { [bytes] sink throws(FileError) in try sink.write(bytes) }
      #expect(try file.compareWithTarget() == comparison)
    }
  }

  @Test("A new file has the permissions that the mask allows, a replaced one those that it had")
  func permissions() throws {
    let folder = TemporaryFolder()
    let old = try folder.file("old", "")
    chmod(old, 0o640)
    let mask = umask(0)
    umask(mask)
    for (name, mode) in [("old", 0o640), ("new", 0o666 & ~mask)] {
      let file = try AtomicFile("\(folder.path)/\(name)")
      try file.write("new")
      try file.commit()
      var status = stat()
      stat("\(folder.path)/\(name)", &status)
      #expect(status.st_mode & 0o7777 == mode)
    }
  }

  @Test("A symbolic link is followed, also one that leads nowhere yet", arguments: ["old", "new"])
  func links(_ name: String) throws {
    let folder = TemporaryFolder()
    _ = try folder.file("old", "old")
    symlink(name, "\(folder.path)/link1")
    symlink("\(folder.path)/link1", "\(folder.path)/link2")
    let file = try AtomicFile("\(folder.path)/link2")
    try file.write("fresh")
    #expect(try file.compareWithTarget() == (name == "old" ? .different : .absent))
    try file.commit()
    #expect(try folder.text(of: name) == "fresh")
    var status = stat()
    lstat("\(folder.path)/link2", &status)
    #expect(status.st_mode & S_IFMT == S_IFLNK)
  }

  @Test("Where no file can be made the error is of kind cannotCreate")
  func cannotCreate() throws {
    let folder = TemporaryFolder()
    symlink("loop", "\(folder.path)/loop")
    for (path, problem) in [
      (folder.path, "expected a file to write, found a directory"),
      ("\(folder.path)/none/out.json", "cannot be created: No such file or directory"),
      ("\(folder.path)/loop", "cannot be created: Too many levels of symbolic links"),
      ("\(folder.path)/\(String(repeating: "x", count: 300))", "cannot be created: File name too long"),
      ("", "expected the path of a file, found \"\""),
    ] {
      let failure = try #require(failure { () throws(FileError) in _ = try AtomicFile(path) })
      #expect(failure.kind == .cannotCreate)
      #expect(failure.line == (path.isEmpty ? problem : "\(path): \(problem)"))
    }
    #expect(folder.names == ["loop"])
  }

  @Test(
    "A full disk is an error of kind inputOutput, and a device stays a device",
    .enabled(if: access("/dev/full", W_OK) == 0))
  func fullDisk() throws {
    let file = try AtomicFile("/dev/full")
    #expect(file.temporaryPath == nil)
    let failure = try #require(failure { () throws(FileError) in try file.write("text") })
    #expect(
      failure.kind == .inputOutput && failure.line == "/dev/full: cannot be written: No space left on device")
    let null = try AtomicFile("/dev/null")
    try null.write("text")
    #expect(try null.compareWithTarget() == .absent)
    try null.commit()
    var status = stat()
    stat("/dev/null", &status)
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test(
    "A model that does not fit on the disk is an error wherever the disk ends",
    .enabled(if: access("/dev/full", W_OK) == 0))
  func fullDiskUnderAModel() throws {
    let original = try model(Examples.network)
    let file = try AtomicFile("/dev/full")
    let failure = failure { () throws(FileError) in
      try file.write { sink throws(FileError) in try original.write(to: sink) }
    }
    #expect(failure?.kind == .inputOutput)
  }

  @Test("A closed pipe is an error of kind inputOutput")
  func closedPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    let sink = DescriptorSink(ends[1], named: "standard output")
    let failure = try #require(
      failure { () throws(FileError) in try ModelFile.readExample().write(to: sink) })
    #expect(failure.kind == .inputOutput && failure.line == "standard output: cannot be written: Broken pipe")
  }

  @Test("A descriptor that does not block is waited for")
  func nonBlocking() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    _ = fcntl(writing, F_SETFL, O_NONBLOCK)
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    Thread.detachNewThread {
      defer { close(writing) }
      try? bytes.withUnsafeBytes { try DescriptorSink(writing, named: "pipe").write($0) }
    }
    var total = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(reading, &buffer, buffer.count)
      if count <= 0 { break }
      total += count
    }
    close(reading)
    #expect(total == bytes.count)
  }
}

extension ModelFile {
  fileprivate static func readExample() throws(FileError) -> ModelFile {
    try read(FileContents(Array(Examples.network.utf8), named: "example"))
  }
}
