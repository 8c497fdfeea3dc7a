import FileAccess
import ModelFiles
import Testing

/// Equilibrium models that say something wrong, each with the line that a user reads.
@Suite("Equilibrium models that must be refused")
struct HostileEquilibriumTests {
  private static let blocks =
    "[{\"name\": \"a\", \"size\": 2, \"activation\": \"relu\"}, {\"name\": \"b\", \"size\": 1, \"activation\": \"tanh\"}]"

  /// A model with blocks a (2) and b (1) that reads three numbers.
  private static func model(
    _ rest: String, blocks: String = blocks, output: String = "\"b\""
  ) -> String {
    "{\"format\": \"equilibrium\", \"version\": 1, \"input\": [3], \"blocks\": \(blocks), "
      + "\"output\": \(output)\(rest.isEmpty ? "" : ", ")\(rest)}"
  }

  private static func refusal(_ rest: String, _ message: String) -> Refusal {
    Refusal(model(rest), message)
  }

  private static func blocks(_ blocks: String, _ message: String) -> Refusal {
    Refusal(model("", blocks: blocks), message)
  }

  @Test(
    "Blocks",
    arguments: [
      blocks("[]", "blocks: expected a list of blocks, found an empty array"),
      blocks("{}", "blocks: expected a list of blocks, found an object"),
      blocks("[1]", "blocks[0]: expected an object, found 1"),
      blocks("[{\"size\": 1, \"activation\": \"relu\"}]", "blocks[0]: expected the key \"name\", found none"),
      blocks(
        "[{\"name\": \"b\", \"activation\": \"relu\"}]", "blocks[0]: expected the key \"size\", found none"),
      blocks("[{\"name\": \"b\", \"size\": 1}]", "blocks[0]: expected the key \"activation\", found none"),
      blocks(
        "[{\"name\": \"b\", \"size\": 1, \"bias\": 1}]",
        "blocks[0]: expected only the keys name, size, shape, ports, activation, found \"bias\""),
      blocks(
        "[{\"name\": \"\", \"size\": 1, \"activation\": \"relu\"}]",
        "blocks[0].name: expected a name that is not empty, found \"\""),
      blocks(
        "[{\"name\": \"b\", \"size\": 0, \"activation\": \"relu\"}]",
        "blocks[0].size: expected a positive integer, found 0"),
      blocks(
        "[{\"name\": \"b\", \"size\": 1e2, \"activation\": \"relu\"}]",
        "blocks[0].size: expected a positive integer, found 1e2"),
      blocks(
        "[{\"name\": \"b\", \"size\": 123456789012, \"activation\": \"relu\"}]",
        "blocks[0].size: expected an integer up to 67108864, found 123456789012"),
      blocks(
        "["
          + (0...MemoryBudget.coordinates >> 26).map {
            "{\"name\": \"b\($0)\", \"size\": 67108864, \"activation\": \"relu\"}"
          }.joined(separator: ", ") + "]",
        "blocks: expected up to \(MemoryBudget.coordinates) coordinates of all blocks and their ports together "
          + "(--memory-limit raises this), found more"),
      blocks(
        "[{\"name\": \"b\", \"size\": 1, \"activation\": \"relu\"}, {\"name\": \"b\", \"size\": 1, \"activation\": \"relu\"}]",
        "blocks[1].name: expected a unique name, found \"b\", the name of blocks[0]"),
      Refusal(model("", output: "\"c\""), "output: expected the name of a block, found \"c\""),
      Refusal(model("", output: "1"), "output: expected the name of a block, found 1"),
      Refusal(
        "{\"format\": \"equilibrium\", \"version\": 1, \"input\": [3], \"blocks\": \(blocks)}",
        "expected the key \"output\", found none"),
      Refusal(
        model("\"layers\": []"),
        "expected only the keys format, version, weights, weights_sha256, input, blocks, Wz, Wx, b, output, signature, found \"layers\""
      ),
    ])
  func layout(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Entries of the block form",
    arguments: [
      refusal("\"Wz\": 1", "Wz: expected a list of entries, or an object with the whole matrix, found 1"),
      refusal(
        "\"Wz\": null", "Wz: expected a list of entries, or an object with the whole matrix, found null"),
      refusal("\"Wz\": [1]", "Wz[0]: expected an object, found 1"),
      refusal("\"Wz\": [{}]", "Wz[0]: expected the key \"to\", found none"),
      refusal("\"Wz\": [{\"to\": \"b\"}]", "Wz[0]: expected the key \"from\", found none"),
      refusal("\"Wz\": [{\"to\": \"b\", \"from\": \"a\"}]", "Wz[0]: expected the key \"matrix\", found none"),
      refusal("\"Wz\": [{\"to\": \"c\"}]", "Wz[0].to: expected the name of a block, found \"c\""),
      refusal(
        "\"Wz\": [{\"to\": \"b\", \"from\": \"input\"}]",
        "Wz[0].from: expected the name of a block, found \"input\""),
      refusal(
        "\"Wx\": [{\"to\": \"b\", \"from\": \"a\"}]",
        "Wx[0]: expected only the keys to, port, view, matrix, map, parameter, found \"from\""),
      refusal(
        "\"Wz\": [{\"to\": \"b\", \"from\": \"a\", \"matrix\": [[1, 2], [3, 4]]}]",
        "Wz[0].matrix: expected 1 row (the size of \"b\"), found 2"),
      refusal(
        "\"Wz\": [{\"to\": \"a\", \"from\": \"b\", \"matrix\": [[1], [2, 3]]}]",
        "Wz[0].matrix[1]: expected 1 number (the size of \"b\"), found 2"),
      refusal(
        "\"Wx\": [{\"to\": \"b\", \"matrix\": [[1, 2]]}]",
        "Wx[0].matrix[0]: expected 3 numbers (the size of the input), found 2"),
      refusal(
        "\"Wx\": [{\"to\": \"b\", \"matrix\": []}]",
        "Wx[0].matrix: expected 1 row (the size of \"b\"), found none"),
      refusal(
        "\"Wx\": [{\"to\": \"b\", \"matrix\": [[]]}]",
        "Wx[0].matrix[0]: expected 3 numbers (the size of the input), found none"),
      refusal(
        "\"Wx\": [{\"to\": \"b\", \"matrix\": [[1, 2, 1e400]]}]",
        "Wx[0].matrix[0][2]: expected a finite number, found 1e400"),
      refusal(
        "\"b\": [{\"to\": \"a\", \"vector\": [1]}]",
        "b[0].vector: expected 2 numbers (the size of \"a\"), found 1"),
      refusal(
        "\"b\": [{\"to\": \"a\", \"vector\": 1}]",
        "b[0].vector: expected a list of 2 numbers (the size of \"a\"), found 1"),
      refusal(
        "\"b\": [{\"to\": \"a\", \"matrix\": 1}]",
        "b[0]: expected only the keys to, port, vector, tensor, view, map, parameter, found \"matrix\""),
    ])
  func entries(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Parameters have one shape, and no name that a gradient without one has",
    arguments: [
      refusal(
        "\"b\": [{\"to\": \"a\", \"vector\": [1, 2], \"parameter\": 1}]",
        "b[0].parameter: expected a name, found 1"),
      refusal(
        "\"b\": [{\"to\": \"a\", \"vector\": [1, 2], \"parameter\": \"\"}]",
        "b[0].parameter: expected a name that is not empty, found \"\""),
      refusal(
        "\"b\": [{\"to\": \"a\", \"vector\": [1, 2], \"parameter\": \"input\"}]",
        "b[0].parameter: expected a parameter with another name than the input's gradient, found \"input\""),
      refusal(
        "\"b\": [{\"to\": \"a\", \"vector\": [1, 2], \"parameter\": \"p\"}, "
          + "{\"to\": \"b\", \"vector\": [1], \"parameter\": \"p\"}]",
        "b[1].parameter: expected a parameter of shape [2], as at b[0].parameter, found one of shape [1]"),
      refusal(
        "\"Wx\": [{\"to\": \"b\", \"matrix\": [[1, 2, 3]]}], "
          + "\"b\": [{\"to\": \"a\", \"vector\": [1, 2], \"parameter\": \"Wx[b]\"}]",
        "b[0].parameter: expected entries whose gradients have different names, found \"Wx[b]\" at Wx[0] too"),
      refusal(
        "\"b\": [{\"to\": \"b\", \"vector\": [1], \"parameter\": \"b[a]\"}, {\"to\": \"a\", \"vector\": [1, 2]}]",
        "b[1]: expected entries whose gradients have different names, found \"b[a]\" at b[0].parameter too"),
      Refusal(
        model(
          "\"Wz\": [{\"to\": \"p\", \"from\": \"q,r\", \"matrix\": [[1]]}, {\"to\": \"p,q\", \"from\": \"r\", \"matrix\": [[1]]}]",
          blocks: "["
            + ["p", "q,r", "p,q", "r"].map { "{\"name\": \"\($0)\", \"size\": 1, \"activation\": \"relu\"}" }
            .joined(separator: ",") + "]",
          output: "\"p\""),
        "Wz[1]: expected entries whose gradients have different names, found \"Wz[p,q,r]\" at Wz[0] too"),
    ])
  func parameters(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "The matrix form has whole matrices, all three",
    arguments: [
      refusal("\"Wz\": [], \"Wx\": {}", "Wx: expected a list of entries, as Wz is, found an object"),
      refusal("\"Wx\": {}, \"b\": []", "b: expected an object, as Wx is, found an empty array"),
      refusal("\"Wx\": {}", "expected the key \"Wz\", found none"),
      refusal("\"Wz\": {}", "Wz: expected the key \"matrix\", found none"),
      refusal("\"Wz\": {\"vector\": 1}", "Wz: expected only the key matrix, found \"vector\""),
      refusal(
        "\"Wz\": {\"matrix\": [[0, 0, 0], [0, 0, 0]]}",
        "Wz.matrix: expected 3 rows (the size of the state), found 2"),
      refusal(
        "\"Wz\": {\"matrix\": [[0, 0, 0], [0, 0, 0], [0, 0]]}",
        "Wz.matrix[2]: expected 3 numbers (the size of the state), found 2"),
      refusal(
        "\"Wz\": {\"matrix\": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}", "expected the key \"Wx\", found none"),
      refusal(
        "\"Wz\": {\"matrix\": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}, \"Wx\": {\"matrix\": [[1], [2], [3]]}",
        "Wx.matrix[0]: expected 3 numbers (the size of the input), found 1"),
      refusal(
        "\"Wz\": {\"matrix\": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}, "
          + "\"Wx\": {\"matrix\": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}, \"b\": {\"vector\": [1, 2]}",
        "b.vector: expected 3 numbers (the size of the state), found 2"),
    ])
  func matrixForm(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test("A network where an equilibrium model is asked for, and the reverse, is an error at its format")
  func otherFormat() throws {
    let folder = TemporaryFolder()
    let network = try folder.file("n.json", Examples.network)
    let equilibrium = try folder.file("e.json", Examples.blocks)
    #expect {
      try ModelFile.readEquilibrium(network)
    } throws: {
      "\($0)" == "\(network): format: expected \"equilibrium\", found \"network\""
    }
    #expect {
      try ModelFile.readNetwork(equilibrium)
    } throws: {
      "\($0)" == "\(equilibrium): format: expected \"network\", found \"equilibrium\""
    }
    #expect(try ModelFile.readNetwork(network).layers.count == 4)
    #expect(try ModelFile.readEquilibrium(equilibrium).blocks.count == 2)
  }
}
