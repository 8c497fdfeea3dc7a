import Testing

/// What a file may name and show: files of its own folder, and no character that a terminal interprets.
@Suite struct HostilePathTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.writeStoredNetwork("n")
    try folder.makeFolder("sub")
  }

  @Test("Weights outside the folder of a file are refused unless they are allowed")
  func outside() throws {
    let text = try folder.text(of: "n.json")
    Files.link("\(folder.path)/sub/link.safetensors", to: "../n.safetensors")
    for name in ["../n.safetensors", "link.safetensors", "../sub/../n.safetensors"] {
      try folder.write(text.replacing("n.safetensors", with: name), to: "sub/k.json")
      expectFailure(
        try folder.deq("inspect", "sub/k.json"), 65,
        "sub/k.json: weights: expected a file in the folder of this file (--allow-outside allows others), "
          + "found \"\(name)\"")
      for command in [["inspect", "sub/k.json"], ["check", "n.json", "sub/k.json"]] {
        expectQuiet(try folder.deq(command + ["--allow-outside"]))
      }
    }
    // Whether there is such a file elsewhere is not told.
    try folder.write(text.replacing("n.safetensors", with: "../../none/none"), to: "sub/k.json")
    expectFailure(
      try folder.deq("inspect", "sub/k.json"), 65,
      "sub/k.json: weights: expected a file in the folder of this file (--allow-outside allows others), "
        + "found \"../../none/none\"")
  }

  @Test("An error shows nothing of a file that holds no weights")
  func secrets() throws {
    try folder.write("password=hunter2, and some more", to: "n.safetensors")
    for command in [["inspect", "n.json"], ["convert", "n.json"], ["check", "n.json", "n.json"]] {
      expectFailure(
        try folder.deq(command), 65,
        "n.safetensors: expected a safetensors file or an ONNX model, found neither")
    }
  }

  @Test("Characters that a terminal interprets are escaped in every output, and names survive")
  func invisibleCharacters() throws {
    // A C1 control, a change of direction, a line separator, a zero-width space, a tag beyond 16 bits.
    let name = "a\u{9B}31m\u{202E}b\u{2028}\u{200B}\u{E0041}"
    try folder.write(
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "relu", "name": "\#(name)"}]}"#,
      to: "n.json")
    let hidden = name.unicodeScalars.filter { !$0.isASCII }
    for command in [
      ["inspect", "n.json"], ["inspect", "n.json", "--json"], ["convert", "n.json", "-o", "-"],
      ["convert", "n.json"], ["convert", "n.json", "--json", "--force"], ["inspect", "n.deq.json", "--json"],
    ] {
      let outcome = try folder.deq(command)
      #expect(outcome.status == 0)
      for text in [outcome.text, outcome.complaint] {
        #expect(!text.unicodeScalars.contains { hidden.contains($0) }, "\(command)")
      }
    }
    #expect(try folder.text(of: "n.deq.json").contains(#"\u009b31m\u202eb\u2028\u200b\udb40\udc41"#))
    let outcome = try folder.deq("check", "n.json", "n.deq.json")
    #expect(outcome.status == 0)
  }

  @Test(
    "A mapped file that becomes shorter while it is in use is one line with status 74",
    .enabled(if: Files.exist("/proc/self/maps")))
  func shrinkingFile() throws {
    try folder.writeLargeNetwork("big", size: 600)
    let before = folder.names
    let outcome = try folder.shell(
      """
      mkfifo pipe
      "$DEQ" convert --stack big.json - --no-check --weights safetensors -o out.json < pipe & child=$!
      exec 3> pipe
      until grep -q big.safetensors /proc/$child/maps; do kill -0 $child || exit 9; done
      truncate -s 4096 big.safetensors
      echo '{"format": "network", "version": 1, "input": [600], "layers": [{"type": "relu"}]}' >&3
      exec 3>&-; rm pipe; wait $child
      """)
    expectFailure(
      outcome, 74, "big.safetensors: cannot be read: it became shorter while it was in use")
    #expect(folder.names == before)
  }
}
