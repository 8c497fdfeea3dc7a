import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lists of checks, their shards, and the reports put together again.
@Suite("Many checks") struct ManyChecksTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try Self.models()
    try folder.write(Self.manifest, to: "pairs.txt")
  }

  /// A proved pair, a refuted one, one that only agrees, and a file that is no model.
  static func models() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for (name, text) in [
      ("mlp.json", Examples.network), ("mlp.deq.json", Examples.equilibrium),
      ("wrong.json", Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]")),
      ("near.json", Examples.equilibrium.replacing("0.25,2]", with: "0.25,2.0000000000000004]")),
      ("bad.json", "{}"),
    ] { try folder.write(text, to: name) }
    return folder
  }

  static let manifest = """
    # Two models to a line.
    mlp.json mlp.deq.json

    mlp.json 'wrong.json'   # differs
    mlp.json near.json --search 20 --samples 3\r
    mlp.json "no \\"such\\".json"
    --stack mlp.json --against mlp.deq.json
    mlp.json near.json --require-proof --search 0
    mlp.json bad.json
    """

  @Test("Each check of a manifest has a line, in order, and the worst status is the command's")
  func text() throws {
    let outcome = try folder.deq("check", "--manifest", "pairs.txt")
    #expect(outcome.status == 66 && outcome.complaint == "")
    let heads = lines(of: outcome.text).filter { !$0.hasPrefix(" ") }
    #expect(
      heads.map { $0.prefix { $0 != ":" } } == [
        "proved", "refuted", "agrees", "failed", "proved", "agrees", "failed",
        "7 checks",
      ])
    #expect(heads.last == "7 checks: 2 proved, 2 agrees, 1 refuted, 2 failed")
    #expect(heads[3] == "failed: no \"such\".json: expected a file, found none")
    #expect(outcome.text.contains("  required     a proof, by --require-proof\n"))
    #expect(outcome.text.contains("  not proved   Wz[b,a] row 1 column 1: 2.0 and 7.0\n"))
    #expect(outcome.text.contains("  again        deq check mlp.json 'no \"such\".json'\n"))
    // What is said to give the whole report does.
    #expect(
      try folder.shell(
        #"eval "$("$DEQ" check --manifest pairs.txt | grep -o 'deq check.*wrong.json' | sed 's|^deq|"$DEQ"|')""#
      )
      .firstLine == "refuted: wrong.json is not the same function as mlp.json")
  }

  @Test("Quiet is silent on success, for one check and for many")
  func quiet() throws {
    try folder.write("mlp.json mlp.deq.json\nmlp.json wrong.json\n", to: "two.txt")
    try folder.write("mlp.json mlp.deq.json\n", to: "one.txt")
    let outcome = try folder.deq("check", "--manifest", "two.txt", "--quiet")
    #expect(outcome.status == 1 && outcome.firstLine.hasPrefix("refuted: "))
    #expect(outcome.text.hasSuffix("2 checks: 1 proved, 1 refuted\n"))
    for arguments in [["--manifest", "one.txt"], ["mlp.json", "mlp.deq.json"]] {
      let outcome = try folder.deq(["check", "--quiet"] + arguments)
      expectQuiet(outcome)
      #expect(outcome.text == "")
    }
    #expect(try folder.deq("check", "--quiet", "mlp.json", "wrong.json").firstLine.hasPrefix("refuted: "))
  }

  @Test("A line of JSON Lines is the report of the check alone with one key more, and follows the schema")
  func jsonLines() throws {
    let outcome = try folder.deq("check", "--manifest", "pairs.txt", "--json")
    #expect(outcome.status == 66 && outcome.complaint == "")
    let reports = try lines(of: outcome.text).map { try JSONInstance(parsing: Array($0.utf8)) }
    #expect(reports.count == 8)
    let schema = try Schemas.schema("report")
    for report in reports { #expect(try schema.violations(of: report) == []) }
    #expect(reports.map { $0["check"]?["status"] } == [0, 1, 0, 66, 0, 2, 65, nil])
    #expect(reports[7]["summary"] == ["proved": 2, "agrees": 2, "refuted": 1, "failed": 2])
    #expect(reports[7]["status"] == 66)
    #expect(reports[3]["failure"] == "no \"such\".json: expected a file, found none")
    guard case .object(var report) = reports[1] else {
      Issue.record("no object")
      return
    }
    report["check"] = nil
    let alone = try folder.deq("check", "mlp.json", "wrong.json", "--threads", "1", "--json")
    #expect(try JSONInstance.object(report) == JSONInstance(parsing: alone.output))
    // Every key less, and every type changed, is noticed.
    for report in [reports[3], reports[7]] {
      for change in report.changes(mayMiss: ["summary.", ".check"])
      where report["summary"] == nil || !change.what.contains("summary.") {
        #expect(try !schema.violations(of: change.report).isEmpty, "\(change.what)")
      }
    }
  }

  @Test("The report is the same however many run at a time, and options of the command line hold for all")
  func jobs() throws {
    let arguments = ["check", "--manifest", "pairs.txt", "--json", "--seed", "7", "--samples=2"]
    let one = try folder.deq(arguments + ["--jobs", "1"])
    let five = try folder.deq(arguments + ["--jobs=5"])
    #expect(one.output == five.output && one.status == five.status)
    let first = try JSONInstance(parsing: Array(one.firstLine.utf8))
    #expect(first["seed"] == "7" && first["samples"]?["drawn"] == 2)
    #expect(
      first["check"]?["arguments"]
        == .array(["--seed", "7", "--samples=2", "mlp.json", "mlp.deq.json"]))
    // A line's own option wins.
    let third = try JSONInstance(parsing: Array(lines(of: one.text)[2].utf8))
    #expect(third["samples"]?["drawn"] == 3)
  }

  @Test(
    "Shards put together are the report of the whole, byte for byte, in every form",
    arguments: campaign([1, 3, 9]))
  func shards(count: Int) throws {
    let whole = try folder.deq("check", "--manifest", "pairs.txt", "--json")
    var files: [String] = []
    for number in (1...count).reversed() {
      files.append("shard-\(number).jsonl")
      let outcome = try folder.deq(
        "check", "--manifest", "pairs.txt", "--shard", "\(number)/\(count)", "--json", "-o", files.last!)
      #expect(outcome.text.contains(" checks of 7") || outcome.text.contains(" check of 7") || count == 1)
    }
    let merged = try folder.deq(["merge", "--json"] + files)
    #expect(merged.output == whole.output && merged.status == 66 && merged.complaint == "")
    for form in campaign(["text", "junit", "github", "sarif"], least: 2) {
      let direct = try folder.deq("check", "--manifest", "pairs.txt", "--format", form)
      let merged = try folder.deq(["merge", "--format", form] + files)
      #expect(merged.output == direct.output && merged.status == direct.status, "\(form)")
    }
    // One stream of all shards, one of them twice.
    let stream = try files.map { try folder.text(of: $0) }.joined() + folder.text(of: files[0])
    #expect(try folder.deq(["merge", "--json", "-"], input: stream).output == whole.output)
  }

  @Test(
    "A shard that is missing, cut short, of another list or of another split is named, and nothing is written"
  )
  func brokenShards() throws {
    for number in 1...3 {
      _ = try folder.deq(
        "check", "--manifest", "pairs.txt", "--shard", "\(number)/3", "--json", "-o", "\(number).jsonl")
    }
    expectFailure(
      try folder.deq("merge", "3.jsonl", "1.jsonl"), 65, "expected all 3 shards, found none for 2/3")
    let first = lines(of: try folder.text(of: "2.jsonl"))
    try folder.write(first[0] + "\n", to: "killed.jsonl")
    expectFailure(
      try folder.deq("merge", "1.jsonl", "killed.jsonl", "3.jsonl"), 65,
      "killed.jsonl: expected a last line with the summary, found 1 check without one: the shard has to be run again"
    )
    try folder.write(String(first[0].prefix(300)), to: "cut.jsonl")
    #expect(try folder.deq("merge", "cut.jsonl").complaint.hasPrefix("deq: cut.jsonl: line 1: "))
    try folder.write(first[1] + "\n" + first[2] + "\n", to: "hole.jsonl")
    expectFailure(
      try folder.deq("merge", "hole.jsonl"), 65,
      "hole.jsonl: line 2: expected the 2 checks of shard 2/3 in order, found 1: the shard has to be run again"
    )
    _ = try folder.deq(
      "check", "--manifest", "pairs.txt", "--seed", "1", "--shard", "2/3", "--json", "-o", "seed.jsonl")
    expectFailure(
      try folder.deq("merge", "1.jsonl", "seed.jsonl"), 65,
      "seed.jsonl: expected a shard of the same checks as in 1.jsonl, found one of other models or options")
    _ = try folder.deq("check", "--manifest", "pairs.txt", "--shard", "2/2", "--json", "-o", "half.jsonl")
    expectFailure(
      try folder.deq("merge", "1.jsonl", "half.jsonl"), 65,
      "half.jsonl: expected one of 3 shards as in 1.jsonl, found one of 2")
    try folder.write(
      try folder.text(of: "2.jsonl").replacing("\"seed\": \"0\"", with: "\"seed\": \"1\""), to: "other.jsonl")
    #expect(
      try folder.deq("merge", "1.jsonl", "2.jsonl", "other.jsonl", "3.jsonl").complaint.contains(
        "expected the same report as in 2.jsonl, for both are of shard 2/3, found another"))
    for file in ["mlp.json", "pairs.txt", "/dev/null"] {
      let outcome = try folder.deq("merge", file)
      #expect(outcome.status == 65 && outcome.text == "" && lines(of: outcome.complaint).count == 1)
    }
    let part = try folder.deq("merge", "--partial", "1.jsonl", "3.jsonl", "--format", "github")
    #expect(part.text.hasSuffix("::notice title=deq check::5 checks of 7: 1 proved, 2 agrees, 2 failed\n"))
    #expect(try folder.deq("merge", "--partial", "1.jsonl", "--json").status == 64)
  }

  @Test("Patterns pair files by the text that the star stands for, whichever side lacks one")
  func patterns() throws {
    for name in ["before", "after"] { try folder.makeFolder(name) }
    for name in ["before/a.json", "before/b.json", "before/.hidden.json"] {
      try folder.write(Examples.network, to: name)
    }
    for name in ["after/a.deq.json", "after/c.deq.json"] { try folder.write(Examples.equilibrium, to: name) }
    let outcome = try folder.deq("check", "--pattern", "before/*.json", "after/*.deq.json", "--samples", "2")
    #expect(outcome.status == 66)
    let heads = lines(of: outcome.text).filter { !$0.hasPrefix(" ") }
    #expect(
      heads == [
        "proved: after/a.deq.json is the same function as before/a.json, with the same gradients",
        "failed: after/b.deq.json: expected a file, found none",
        "failed: before/c.json: expected a file, found none",
        "3 checks: 1 proved, 2 failed",
      ])
    // A file that fits both is a second one.
    try folder.write(Examples.equilibrium, to: "before/a.deq.json")
    let both = try folder.deq("check", "--pattern", "before/*.json", "before/*.deq.json")
    #expect(both.text.hasSuffix("2 checks: 1 proved, 1 failed\n"))
    // A star in the folder's place.
    #expect(
      try folder.deq("check", "--pattern", "*/a.json", "*/a.deq.json").text.contains(
        "proved: before/a.deq.json"))
  }

  @Test(
    "What cannot be a list is refused before anything runs, with the line",
    arguments: [
      (
        "mlp.json mlp.deq.json\nmlp.json\n", 65,
        "m.txt: 2: expected two models, found 1 file; --stack compares a stack"
      ),
      (
        "mlp.json 'mlp.deq.json\n", 65,
        "m.txt: 1: expected the end of the quotation ', found the end of the line"
      ),
      ("mlp.json mlp.deq.json \\", 65, "m.txt: 1: expected a character behind \\, found the end of the line"),
      ("mlp.json -\n", 65, "m.txt: 1: expected files, found - for standard input"),
      (
        "mlp.json mlp.deq.json --json\n", 65,
        "m.txt: 1: expected options of one check, found one of the list or of the report"
      ),
      (
        "--manifest m.txt\n", 65,
        "m.txt: 1: expected options of one check, found one of the list or of the report"
      ),
      ("--help\n", 65, "m.txt: 1: expected the arguments of a check, found a request for help"),
      (
        "mlp.json mlp.deq.json --samples 100001\n", 65,
        "m.txt: 1: --samples: expected a number from 0 to 100000, found 100001"
      ),
      ("# nothing\n\n", 65, "m.txt: expected a line with two models for each check, found none"),
      (
        Examples.network, 65,
        "m.txt: expected a manifest, a line with two models for each check, found a model"
      ),
    ] as [(String, Int32, String)])
  func refusedManifests(text: String, status: Int32, line: String) throws {
    try folder.write(text, to: "m.txt")
    expectFailure(try folder.deq("check", "--manifest", "m.txt"), status, line)
  }

  @Test(
    "Options that do not fit together are refused",
    arguments: [
      ("--jobs 2 mlp.json mlp.deq.json", 64, "--jobs: expected --manifest or --pattern with the checks"),
      ("--shard 1/2 mlp.json mlp.deq.json", 64, "--shard: expected --manifest or --pattern with the checks"),
      (
        "--manifest pairs.txt mlp.json", 64,
        "--manifest: expected the models in the list alone, found \"mlp.json\""
      ),
      ("--manifest pairs.txt --stack", 64, "--stack: expected it on a line of the manifest"),
      ("--manifest pairs.txt --certificate c", 64, "--certificate: expected it on a line of the manifest"),
      ("--manifest pairs.txt --pattern a* b*", 64, "--pattern: expected no --manifest beside it"),
      ("--manifest pairs.txt --jobs 0", 64, "--jobs: expected a number from 1 to 1024, found 0"),
      ("--manifest pairs.txt --quiet --format junit", 64, "--quiet: expected a report as text, found junit"),
      ("--manifest pairs.txt -o -", 64, "--output: expected a file, found -; without it, standard output"),
      ("--pattern a.json b.json", 64, "--pattern: expected a name with one *, found \"a.json\""),
      (
        "--pattern a*", 64,
        "--pattern: expected two patterns, found 1; quotes keep 'before/*.onnx' from the shell"
      ),
      ("--pattern none*.x other*.y", 66, "--pattern: expected files like none*.x or other*.y, found none"),
      ("--pattern no/*.x other*.y", 66, "--pattern: expected the folder no/, found none that can be read"),
    ] as [(String, Int32, String)])
  func refusedOptions(arguments: String, status: Int32, line: String) throws {
    let outcome = try folder.deq(["check"] + arguments.split(separator: " ").map(String.init))
    #expect(outcome.status == status && outcome.text == "")
    #expect(outcome.complaint.hasPrefix("deq: \(line)"), "\(outcome.complaint)")
    #expect(lines(of: outcome.complaint).count == 1)
  }

  @Test("A report replaces neither a model nor another file, and that is known before the checks run")
  func output() throws {
    expectFailure(
      try folder.deq("check", "--manifest", "pairs.txt", "--json", "-o", "mlp.json", "--force"), 73,
      "mlp.json: is one of the files to check; another -o leaves it in place", json: true)
    // The samples of all checks are among the files, whether or not a line has options of its own.
    try folder.write(Examples.samples, to: "x.json")
    for options in ["", " --seed 1"] {
      try folder.write("mlp.json mlp.deq.json\(options)\n", to: "one.txt")
      expectFailure(
        try folder.deq("check", "--manifest", "one.txt", "--input", "x.json", "-o", "x.json", "--force"), 73,
        "x.json: is one of the files to check; another -o leaves it in place")
    }
    try folder.write("before", to: "report")
    let refused = try folder.deq("check", "--manifest", "pairs.txt", "-o", "report")
    expectFailure(refused, 73, "report: exists; --force replaces it")
    #expect(try folder.deq("check", "--manifest", "pairs.txt", "-o", "no/report").status == 73)
    #expect(try folder.deq("check", "--manifest", "pairs.txt", "-o", "report", "--force").text == "")
    #expect(try folder.text(of: "report").hasPrefix("proved: "))
    #expect(
      try folder.deq("check", "mlp.json", "wrong.json", "--json", "-o", "one").firstLine.hasPrefix(
        "refuted: "))
    #expect(try JSONInstance(parsing: folder.bytes(of: "one"))["verdict"] == "refuted")
    #expect(!folder.names.contains { $0.hasSuffix(".tmp") })
  }

  #if os(Linux)
    @Test("A check whose process is killed fails by itself, and a signal to the command ends all of them")
    func signals() throws {
      try folder.write(Examples.ring(2000), to: "ring.json")
      try folder.write("ring.json ring.json\nmlp.json mlp.deq.json\n", to: "ring.txt")
      let find = """
        while kill -0 $parent; do
          for child in $(cat /proc/$parent/task/*/children); do
            tr '\\0' ' ' < /proc/$child/cmdline | grep -q ring.json && break 2
          done
        done
        """
      let killed = try folder.shell(
        """
        "$DEQ" check --manifest ring.txt --json > out.jsonl & parent=$!
        \(find)
        kill -9 $child
        wait $parent
        """)
      #expect(killed.status == 70, "\(killed.complaint)")
      let report = try folder.text(of: "out.jsonl")
      #expect(report.contains("\"failure\": \"the process was ended by signal 9\"}\n"))
      #expect(report.hasSuffix("\"summary\": {\"proved\": 1, \"failed\": 1}, \"status\": 70}\n"))
      let ended = try folder.shell(
        """
        "$DEQ" check --manifest ring.txt --json -o new.jsonl > /dev/null & parent=$!
        \(find)
        kill -TERM $parent; wait $parent; status=$?
        for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $child 2>/dev/null || exit $status; sleep 1; done
        exit 99
        """)
      #expect(ended.status == 128 + SIGTERM, "\(ended.complaint)")
      #expect(!folder.names.contains { $0.hasPrefix("new") || $0.hasSuffix(".tmp") })
    }
  #endif
}
