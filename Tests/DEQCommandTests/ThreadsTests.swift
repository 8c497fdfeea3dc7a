import LinearAlgebra
import Testing

/// A convolution, a pooling and a dense layer, large enough to be shared out, on small whole numbers: all sums are exact
/// in whatever order, so the bytes that come out must not depend on who has computed which part.
@Suite struct ThreadsTests {
  let folder = TemporaryFolder()

  init() throws {
    var state: UInt32 = 1
    func digit() -> Int {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int(state >> 24) % 5 - 2
    }
    func row(_ count: Int) -> String { "[\((0..<count).map { _ in "\(digit())" }.joined(separator: ","))]" }
    func rows(_ count: Int, _ length: Int) -> String {
      "[\((0..<count).map { _ in row(length) }.joined(separator: ","))]"
    }
    let kernels = (0..<8).map { _ in "[\(rows(3, 3))]" }.joined(separator: ",")
    try folder.write(
      """
      {"format": "network", "version": 1, "input": [1, 40, 40], "layers": [
        {"type": "conv", "name": "conv", "weight": [\(kernels)], "bias": \(row(8)), "activation": "relu"},
        {"type": "max_pool", "name": "pool", "kernel_size": 2},
        {"type": "flatten", "name": "flat"},
        {"type": "dense", "name": "fc", "weight": \(rows(128, 8 * 19 * 19)), "bias": \(row(128))}]}
      """, to: "net.json")
    try folder.write(
      #"{"input": \#(rows(64, 1600)), "cotangent": \#(rows(64, 128))}"#, to: "samples.json")
    expectQuiet(try folder.deq("convert", "net.json", "--no-check"))
  }

  @Test(
    "Outputs and gradients are the same for any number of threads, in a network and in its equilibrium model")
  func sameResults() throws {
    let reference = try folder.deq("evaluate", "net.json", "--input", "samples.json", "--threads", "1")
    expectQuiet(reference)
    for model in ["net.json", "net.deq.json"] {
      for threads in ["1", "2", "5"] {
        let outcome = try folder.deq("evaluate", model, "--input", "samples.json", "--threads", threads)
        #expect(outcome.status == 0)
        #expect(outcome.text == reference.text, "\(model) on \(threads) threads")
      }
    }
  }

  @Test("A number of threads that makes no sense is refused", arguments: ["0", "-1", "1025", "two"])
  func refused(number: String) throws {
    let outcome = try folder.deq("check", "net.json", "net.deq.json", "--threads=\(number)")
    #expect(outcome.status == 64)
    #expect(outcome.complaint.contains("--threads"))
  }
}
