import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A description and its weights are one: whatever happens while both are replaced, a reader gets the old pair or the
/// new one, or an error, and never numbers that belong to another description.
@Suite struct WeightsPairTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    for (name, scale) in [("a", 1.0), ("b", 2.0)] {
      try folder.writeTensors([("w", [2, 2], [1, 2, 3, 4].map { $0 * scale })], to: "\(name).safetensors")
      try folder.write(
        #"""
        {"format": "network", "version": 1, "weights": "\#(name).safetensors", "input": [2], "layers": [
         {"type": "dense", "name": "\#(name)", "weight": {"tensor": "w"}}]}
        """#, to: "\(name).json")
    }
    try folder.write(#"{"input": [[1, 1]]}"#, to: "x.json")
    expectQuiet(try convert("a"))
  }

  private func convert(_ name: String, _ options: String...) throws -> Outcome {
    try folder.deq(["convert", "\(name).json", "-o", "m.json", "--weights", "safetensors"] + options)
  }

  /// Which of the two models `m.json` holds: `a` or `b` by its layer's name, if its numbers are the same one's.
  private func whole() throws -> String? {
    let outcome = try folder.deq("evaluate", "m.json", "--input", "x.json")
    let text = try folder.text(of: "m.json")
    for (name, output) in [("a", "[3,7]"), ("b", "[6,14]")]
    where outcome.text.contains(output) && text.contains("\"\(name).weight\"") { return name }
    return nil
  }

  @Test("The description carries the digest of its weights, and other weights are refused")
  func otherWeights() throws {
    #expect(try whole() == "a")
    let digest = try folder.shell("sha256sum m.safetensors | cut -c1-64").text
    #expect(try folder.text(of: "m.json").contains("\"weights_sha256\": \"\(digest.dropLast())\""))
    try folder.writeTensors([("a.weight", [2, 2], [1, 2, 3, 5])], to: "m.safetensors")
    let line =
      "m.json: weights_sha256: expected the digest of m.safetensors, found another: these are not the weights that "
      + "belong to this file"
    for command in [
      ["check", "a.json", "m.json"], ["inspect", "m.json"], ["evaluate", "m.json", "--input", "x.json"],
    ] { expectFailure(try folder.deq(command), 65, line) }
  }

  @Test("A digest that is none, or of no file, is refused")
  func wrongDigest() throws {
    let text = try folder.text(of: "m.json")
    let digest = try folder.shell("sha256sum m.safetensors | cut -c1-64").text.dropLast()
    try folder.write(text.replacing(digest, with: "1234"), to: "m.json")
    expectFailure(
      try folder.deq("inspect", "m.json"), 65,
      "m.json: weights_sha256: expected 64 hexadecimal digits, found \"1234\"")
    try folder.write(text.replacing("\"weights\": \"m.safetensors\",", with: ""), to: "m.json")
    expectFailure(
      try folder.deq("inspect", "m.json"), 65,
      "m.json: weights_sha256: expected the digest of a file under the key \"weights\", found no such file")
  }

  @Test(
    "If the second renaming fails, the old pair is in place", .enabled(if: Files.exist("/usr/bin/strace")))
  func secondRenameFails() throws {
    for count in 1...2 {
      let outcome = try folder.shell(
        """
        strace -f -qq -o /dev/null -e trace=rename -e inject=rename:error=EIO:when=\(count) \
        "$DEQ" convert b.json -o m.json --weights safetensors --force
        """)
      #expect(outcome.status == 73, "\(outcome.complaint)")
      #expect(outcome.complaint.hasSuffix("cannot be created: Input/output error\n"))
      #expect(try whole() == "a")
      #expect(folder.names.filter { $0.hasPrefix("m.") } == ["m.json", "m.safetensors"])
      #expect(!folder.names.contains { $0.hasSuffix(".tmp") })
    }
  }

  @Test("Writers at once and a reader see whole pairs only", arguments: [2, 10])
  func concurrentWriters(_ writers: Int) throws {
    let rounds = campaignSize(3)
    let outcome = try folder.shell(
      """
      for writer in $(seq \(writers)); do
        (for round in $(seq \(rounds)); do for name in a b; do
          "$DEQ" convert $name.json -o m.json --weights safetensors --force > /dev/null 2>> errors
        done; done) &
      done
      for round in $(seq \(4 * rounds)); do "$DEQ" evaluate m.json --input x.json 2>> errors; done > answers
      wait; cat errors
      """)
    #expect(outcome.text.replacing("one pass: no block reads itself, nothing to iterate\n", with: "") == "")
    #expect(try whole() != nil)
    #expect(folder.names.filter { $0.hasPrefix("m.") } == ["m.json", "m.safetensors"])
  }

  @Test("Without --force one of two writers at once is refused, and the pair is the other's")
  func onlyOneWriter() throws {
    let outcome = try folder.shell(
      """
      rm m.*
      for name in a b; do
        { "$DEQ" convert $name.json -o m.json --weights safetensors > /dev/null 2>&1; echo $name $?; } &
      done; wait
      """)
    let statuses = lines(of: outcome.text).sorted()
    #expect(statuses == ["a 0", "b 73"] || statuses == ["a 73", "b 0"])
    #expect(try whole() == (statuses[0] == "a 0" ? "a" : "b"))
  }
}
