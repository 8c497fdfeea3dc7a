import ArgumentParser
import DeepEquilibrium

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Runs hostile inputs through the readers and the converter, in one process; ends by a signal at the first that
/// violates the contract, and leaves it in a file.
@main
struct Fuzzing: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deq-fuzz", abstract: "Runs hostile inputs through the readers and the converter.",
    subcommands: [Replay.self, Graphs.self, Mutate.self])
}

/// Every file of a corpus once, through every target.
struct Replay: ParsableCommand {
  @Argument(help: "The folder of the corpus.")
  var corpus: String

  func run() throws {
    CurrentInput.keep(at: "crash.replay")
    let files = try Corpus(corpus).files
    for file in files {
      for target in FuzzTarget.allCases {
        CurrentInput.set(file.bytes)
        _ = target.run(file.bytes)
      }
    }
    print("replayed \(files.count) files through \(FuzzTarget.allCases.count) targets")
  }
}

/// Drawn ONNX graphs.
struct Graphs: ParsableCommand {
  @Option(help: "How many graphs.")
  var count = 10_000

  @Option(help: "The seed of the first.")
  var seed: UInt64 = 0

  func run() throws {
    CurrentInput.keep(at: "crash.graph")
    var accepted = 0
    for index in 0..<UInt64(count) {
      var generator = GraphGenerator(seed: seed + index)
      let bytes = generator.bytes()
      CurrentInput.set(bytes)
      if FuzzTarget.chain.run(bytes) {
        accepted += 1
        _ = FuzzTarget.export.run(bytes)
      }
    }
    print("ran \(count) graphs from seed \(seed), accepted \(accepted)")
  }
}

/// Mutations of a corpus.
struct Mutate: ParsableCommand {
  @Argument(help: "The folder of the corpus.")
  var corpus: String

  @Option(help: "How many inputs.")
  var count = 100_000

  @Option(help: "The seed.")
  var seed: UInt64 = 0

  @Option(help: "The file of the dictionary, one word in quotation marks a line.")
  var dictionary: String?

  func run() throws {
    CurrentInput.keep(at: "crash.mutation")
    let files = try Corpus(corpus).files
    let words = try dictionary.map { try Corpus.words(in: $0) } ?? [[0xFF, 0xFF, 0xFF, 0xFF]]
    var random = SplitMix(seed: seed)
    var accepted = 0
    for _ in 0..<count {
      let file = random.pick(files)
      let bytes = random.mutated(file.bytes, words: words, other: random.pick(files).bytes)
      let target = random.isOne(in: 4) ? FuzzTarget.chain : random.isOne(in: 8) ? .export : file.target
      CurrentInput.set(bytes)
      if target.run(bytes) { accepted += 1 }
    }
    print("ran \(count) mutations of \(files.count) files from seed \(seed), accepted \(accepted)")
  }
}

/// The files of a corpus, each in the folder of its target.
struct Corpus {
  let files: [(target: FuzzTarget, bytes: [UInt8])]

  /// The files in the folders `json`, `onnx`, `safetensors` and `samples` below this one, in the order of their names.
  init(_ folder: String) throws {
    var files: [(target: FuzzTarget, bytes: [UInt8])] = []
    for target in FuzzTarget.allCases {
      let path = "\(folder)/\(target.rawValue)"
      for name in (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] {
        files.append((target, try FileContents(reading: "\(path)/\(name)").bytes))
      }
    }
    guard !files.isEmpty else {
      throw ValidationError("\(folder): expected files in json, onnx, safetensors or samples")
    }
    self.files = files
  }

  /// The words of a dictionary in libFuzzer's format: `"\xFF\x00"` or `"text"` on a line, with an optional name.
  static func words(in path: String) throws -> [[UInt8]] {
    let text = String(decoding: try FileContents(reading: path).bytes, as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      guard line.first != "#", let start = line.firstIndex(of: "\""), line.last == "\"" else { return nil }
      var word: [UInt8] = []
      var rest = line[line.index(after: start)...].dropLast()
      while let character = rest.popFirst() {
        guard character == "\\", let next = rest.popFirst() else {
          word += character.utf8
          continue
        }
        if next == "x", let byte = UInt8(rest.prefix(2), radix: 16) {
          word.append(byte)
          rest.removeFirst(2)
        } else {
          word += next.utf8
        }
      }
      return word.isEmpty ? nil : word
    }
  }
}
