import TestSupport
import Testing

/// What `convert` writes, every command reads.
@Suite("Readable output")
struct ReadableOutputTests {
  private static let tests = String(#filePath.dropLast("DEQCommandTests/ReadableOutputTests.swift".count))

  private static let files = [
    "Fuzzing/Corpus/json/branches.json", "Fuzzing/Corpus/json/gated-mlp.json",
    "Fuzzing/Corpus/json/recurrent.json", "Fuzzing/Corpus/json/trap_matrix.json",
    "Fuzzing/Corpus/onnx/alloc_add_scalar.onnx",
    "Fuzzing/Corpus/onnx/branches.onnx", "Fuzzing/Corpus/onnx/gated-mlp.onnx",
    "../Fixtures/onnx-attention/network.onnx",
  ]

  /// Files whose models are so large that they are converted only where memory is short.
  private static let large = [
    "Fuzzing/Corpus/json/alloc_ports.json", "Fuzzing/Corpus/json/unreadable_output.json",
    "Fuzzing/Corpus/onnx/alloc_concat_doubling.onnx", "../Fixtures/onnx-mobilenet/network.onnx",
  ]

  @Test(
    "What convert leaves, inspect reads, with and without the check, in any place of the weights and little memory",
    arguments: campaign(files, least: 2) + campaign(large, least: 2), ["--check", "--no-check"])
  func isRead(file: String, check: String) throws {
    let short = [
      ["--memory-limit", "1048576"], ["--memory-limit", "4194304"], ["--memory-limit", "40000000"],
    ]
    for options in (Self.large.contains(file) ? [] : [[], ["--matrix"], ["--weights", "safetensors"]]) + short
    {
      let folder = TemporaryFolder()
      let limit = options.first == "--memory-limit" ? options : []
      let arguments = ["convert", Self.tests + file, "-o", "out.json", "--force", check] + options
      let outcome = try folder.deq(arguments)
      #expect(
        (outcome.status == 0) == Files.exist("\(folder.path)/out.json"), "\(arguments): \(outcome.complaint)")
      if outcome.status == 0 {
        let read = try folder.deq(["inspect", "out.json"] + limit)
        #expect(read.status == 0, "\(arguments): \(read.complaint)")
      }
    }
  }
}
