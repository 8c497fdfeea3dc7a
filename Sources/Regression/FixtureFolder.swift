import FileAccess
import ModelFiles
import Networks

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The folder of a fixture: `expected.json`, and one network or several that are stacked.
package struct FixtureFolder {
  /// Its path.
  package let path: String

  /// All folders at or below `root` that contain an expected.json, sorted by name.
  ///
  /// - Throws: `FileError` of kind `noInput` if a folder cannot be opened.
  package static func paths(under root: String) throws(FileError) -> [String] {
    var found: [String] = []
    var pending = [root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root]
    while let folder = pending.popLast() {
      let entries = try namesInFolder(folder)
      if entries.contains("expected.json") { found.append(folder) }
      for entry in entries where isFolder("\(folder)/\(entry)") { pending.append("\(folder)/\(entry)") }
    }
    return found.sorted()
  }

  /// The file of the expected outputs and gradients.
  var expectedResults: String { "\(path)/expected.json" }

  /// The file of the recorded equilibrium model: `NAME.deq.json` beside the first network's `NAME.json` or
  /// `NAME.onnx`.
  ///
  /// - Throws: `FileError` of kind `noInput` if there is no network.
  var recordedModel: String {
    get throws(FileError) { try networks[0].dropLast(5) + ".deq.json" }
  }

  /// The network, stacked from all files in order.
  ///
  /// - Throws: `FileError` if a file cannot be read, or does not fit the previous one.
  package func network() throws -> Network<Double> {
    let paths = try networks
    let networks = try paths.map { path in
      switch try ModelFile.read(path) {
      case .network(let network): network
      case .equilibrium(let model): try Network(model)
      }
    }
    do {
      return try Network(stacking: networks)
    } catch {
      throw FileError(.badData, file: paths.joined(separator: ", "), "\(error)")
    }
  }

  /// The network files, in stacking order.
  private var networks: [String] {
    get throws(FileError) {
      for name in ["mlp.json", "network.json", "network.onnx"] where Self.exists("\(path)/\(name)") {
        return ["\(path)/\(name)"]
      }
      var stack: [String] = []
      while Self.exists("\(path)/\(stack.count + 1).json") { stack.append("\(path)/\(stack.count + 1).json") }
      if stack.isEmpty {
        throw FileError(
          .noInput, file: path, "expected mlp.json, network.json, network.onnx or 1.json, found none of them")
      }
      return stack
    }
  }

  /// Whether a path exists.
  package static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
