import TestSupport
import Testing

/// Files of the corpus that once trapped, or took gigabytes: each is refused in one line, in little memory.
@Suite struct HostileCaseTests {
  /// The corpus in the sources.
  private static let corpus =
    String(#filePath.dropLast("DEQCommandTests/HostileCaseTests.swift".count)) + "Fuzzing/Corpus"

  /// Runs a command and prints the most memory that it had at a time, in megabytes.
  private static let measuring = """
    import resource, subprocess, sys
    status = subprocess.run(sys.argv[1:]).returncode
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit)
    sys.exit(status)
    """

  @Test(
    "A hostile file is one line with status 65 in less than 500 MB",
    arguments: campaign(
      [
        "onnx/trap_attention.onnx", "onnx/trap_equal_empty.onnx", "onnx/trap_flatten_empty.onnx",
        "onnx/trap_mod.onnx", "onnx/trap_range.onnx", "onnx/trap_transpose_empty.onnx",
        "onnx/trap_where.onnx",
        "onnx/alloc_add_scalar.onnx", "onnx/alloc_concat_doubling.onnx", "onnx/alloc_gather_8TB.onnx",
        "onnx/alloc_gather_empty.onnx", "onnx/alloc_slice_empty.onnx", "onnx/alloc_transpose_tables.onnx",
        "onnx/trap_zero_point_empty.onnx", "json/alloc_ports.json", "json/alloc_recurrent.json",
        "json/trap_matrix.json",
        "json/unreadable_output.json",
      ], least: 9))
  func refused(_ file: String) throws {
    let folder = TemporaryFolder()
    // The address space of a command that has read nothing is a part of the limit; a sanitizer's is terabytes.
    let limit = Sanitizer.isOn ? "" : "ulimit -v 1500000; "
    let ownLimit = Sanitizer.isOn ? " --memory-limit 750000000" : ""
    for options in ["", "--matrix --no-check"] {
      let outcome = try folder.shell(
        """
        \(limit)python3 -c '\(Self.measuring)' "$DEQ" convert "\(Self.corpus)/\(file)" -o out.json \(options)\(ownLimit)
        """)
      let megabytes = try #require(Int(lines(of: outcome.text).last ?? ""))
      #expect(megabytes < 500 || Sanitizer.isOn)
      #expect(outcome.status == 65 || options != "" && outcome.status == 73, "\(outcome.complaint)")
      #expect(lines(of: outcome.complaint).count == 1)
      #expect(outcome.complaint.hasPrefix("deq: "))
      #expect(folder.names == [])
    }
  }

  @Test(
    "Memory that runs out is one line with status 70, and no file is left", .enabled(if: isLinux),
    .disabled(if: Sanitizer.isOn, "a sanitizer reserves terabytes of address space"))
  func outOfMemory() throws {
    let folder = TemporaryFolder()
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1900000], "layers": [{"type": "relu"}]}"#,
      to: "big.json")
    let outcome = try folder.shell(#"ulimit -v 700000; "$DEQ" convert big.json"#)
    #expect(outcome.status == 70)
    #expect(lines(of: outcome.complaint).count == 1)
    #expect(outcome.complaint.hasPrefix("deq: expected memory for "))
    #expect(folder.names == ["big.json"])
  }

  private static var isLinux: Bool {
    #if os(Linux)
      true
    #else
      false
    #endif
  }

  @Test("The limit on memory can be raised and lowered")
  func memoryLimit() throws {
    let folder = TemporaryFolder()
    let file = "\(Self.corpus)/onnx/alloc_add_scalar.onnx"
    expectFailure(
      try folder.deq("inspect", file, "--memory-limit", "2097152"), 65,
      "\(file): Add \"t0\": expected at most 69561 computed numbers in one model, found more; "
        + "--memory-limit raises the limit")
    expectFailure(
      try folder.deq("inspect", file, "--memory-limit", "1000"), 64,
      "--memory-limit: expected at least 1048576 bytes, found 1000 (see deq --help)")
  }
}
