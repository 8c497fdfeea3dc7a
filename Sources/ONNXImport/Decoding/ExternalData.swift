import FileAccess
import ONNXSchema
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files of a model's external tensor data, all within the model's folder, or, where the model is a symbolic link,
/// within that of its target: a cache such as Hugging Face's links each file of a model to a place of its own.
package final class ExternalDataFiles: Sendable {
  private let model: String
  /// nil for a model from a pipe, which has no folder.
  private let folder: String?
  private let opened: Mutex<[String: MappedFile]> = Mutex([:])
  private let log: InputFileLog?

  /// The files beside the model at this path, each recorded when it is opened.
  package init(besideModelAt path: String, noting log: InputFileLog? = nil) {
    self.log = log
    model = path
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
  }

  /// No files: for a model from a pipe.
  package init(noneFor name: String) {
    model = name
    folder = nil
    log = nil
  }

  /// The file and the range of `count` bytes that a tensor's `external_data` name.
  ///
  /// - Throws: `FileError` if the file is outside the model's folder, cannot be opened, or has no such
  ///   range.
  package func bytes(
    of description: ONNXTensorDescription, count: Int, place: String
  ) throws(FileError) -> (MappedFile, Range<Int>) {
    func refused(_ problem: String) -> FileError {
      FileError(.badData, file: model, place: place, "external_data: " + problem)
    }
    var entries: [String: String] = [:]
    for entry in description.externalData {
      guard entries.updateValue(entry.value, forKey: entry.key) == nil else {
        throw refused("expected \(quoted(entry.key)) once, found it twice")
      }
    }
    guard let location = entries["location"], !location.isEmpty else {
      throw refused("expected a location, found none")
    }
    let offset = try Self.integer(entries["offset"], default: 0, refused)
    let length = try Self.integer(entries["length"], default: count, refused)
    guard length == count else {
      throw refused("length: expected \(counted(count, "byte")), found \(length)")
    }
    let file = try file(at: location, refused)
    guard offset <= file.count, length <= file.count - offset else {
      throw refused(
        "expected \(counted(length, "byte")) from byte \(offset) of \(quoted(location)), found a file of \(file.count)"
      )
    }
    return (file, offset..<offset + length)
  }

  private static func integer(
    _ text: String?, default value: Int, _ refused: (String) -> FileError
  ) throws(FileError) -> Int {
    guard let text else { return value }
    guard let value = Int(text), value >= 0 else {
      throw refused("expected a number of bytes, found \(quoted(text))")
    }
    return value
  }

  private func file(at location: String, _ refused: (String) -> FileError) throws(FileError) -> MappedFile {
    if let file = opened.withLock({ $0[location] }) { return file }
    guard let folder else {
      throw refused(
        "expected a model in a file, with \(quoted(location)) beside it, found standard input")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !location.utf8.contains(0), !parts.contains(".."),
      !location.utf8.contains(UInt8(ascii: "\\"))
    else {
      throw refused("expected a path within the model's folder, found \(quoted(location))")
    }
    let named = FileConfinement.existing(folder + location, location, namedBy: model)
    guard let realFile = realPath(named) else {
      throw refused("expected the file \(quoted(location)) beside the model, found none")
    }
    guard FileConfinement.isInside(realFile, folderOf: model) else {
      throw refused("expected a path within the model's folder, found a link out of it: \(quoted(location))")
    }
    let file = try MappedFile(realFile)
    log?.note(file, at: named == folder + location ? path(location, fromFolderOf: model) : named)
    opened.withLock { $0[location] = file }
    return file
  }
}
