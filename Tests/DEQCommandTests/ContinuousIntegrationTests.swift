import Foundation
import TestSupport
import Testing

/// The commands of the page on continuous integration, the installation and the action, as they are committed.
@Suite("Continuous integration") struct ContinuousIntegrationTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try ManyChecksTests.models()
    try folder.write(
      (0..<9).map {
        "mlp.json \(["mlp.deq.json", "near.json --search 9", "wrong.json"][$0 % 3]) --seed \($0)\n"
      }.joined(),
      to: "pairs.txt")
  }

  /// Whether the shell finds a program.
  private static func has(_ program: String) -> Bool {
    (try? TemporaryFolder().shell("command -v \(program)").status) == 0
  }

  /// The fenced block of the page that has a text.
  private static func block(with text: String) throws -> String {
    try #require(
      Pages.blocks(of: "ContinuousIntegration").compactMap { block -> String? in
        guard case .fenced(_, let code) = block, code.contains(text) else { return nil }
        return code
      }.first)
  }

  /// Runs a script in bash with `deq` on the path.
  private func type(_ script: String, environment: [String: String] = [:]) throws -> Outcome {
    try folder.write("PATH=\"$(dirname \"$DEQ\"):$PATH\"\n\(script)\n", to: "script")
    return try folder.shell("bash script", environment: environment)
  }

  @Test(
    "GNU parallel shares the shards out, runs that of a killed worker again, and merge gives the whole report",
    .enabled(if: has("parallel"), "there is no GNU parallel"))
  func parallel() throws {
    let whole = try folder.deq("check", "--manifest", "pairs.txt", "--json")
    // The first worker of the second shard is killed while its checks run.
    try folder.makeFolder("bin")
    try folder.write(
      """
      #!/bin/sh
      case "$*" in
        *"--shard 2/8"*)
          if mkdir killed 2>/dev/null; then
            "$DEQ" "$@" & worker=$!
            kill -9 $worker; wait $worker; exit $?
          fi
          echo again >> runs ;;
      esac
      exec "$DEQ" "$@"
      """, to: "wrapper")
    let outcome = try type(
      // A copy: a file that this process wrote may still be open in a child of another test, and is busy then.
      "cp wrapper bin/deq; chmod +x bin/deq; PATH=\"$PWD/bin:$PATH\"\n" + Self.block(with: "parallel --jobs"))
    #expect(outcome.status == 1, "\(outcome.complaint)")
    #expect(folder.names.contains("killed") && folder.names.contains("runs"))
    #expect(try folder.text(of: "runs") == "again\n")
    #expect(outcome.text.hasSuffix("9 checks: 3 proved, 3 agrees, 3 refuted\n"))
    #expect(try folder.deq("merge", "--json", "deq.jsonl").output == whole.output)
    #expect(try folder.text(of: "deq.xml").contains("tests=\"9\" failures=\"3\""))
  }

  @Test("The tasks of a Slurm array run one shard each")
  func slurm() throws {
    let script = try Self.block(with: "#SBATCH")
    try folder.write(script, to: "array.sh")
    // Sixteen are more than there are checks.
    let count = campaignSize(16, least: 4)
    for task in 1...count {
      let outcome = try type(
        "bash array.sh",
        environment: [
          "SLURM_ARRAY_TASK_ID": "\(task)", "SLURM_ARRAY_TASK_COUNT": "\(count)", "SLURM_CPUS_PER_TASK": "2",
        ])
      #expect([0, 1].contains(outcome.status), "\(outcome.complaint)")
    }
    let merged = try type("deq merge shard-*.jsonl --json")
    #expect(
      try merged.text == folder.deq("check", "--manifest", "pairs.txt", "--json").text, "\(merged.complaint)")
  }

  @Test("The workflow's commands are those of the action, for every shard of its matrix")
  func workflow() throws {
    let workflow = try Self.block(with: "matrix:")
    #expect(workflow.contains("shard: [1, 2, 3, 4]") && workflow.contains("shard: ${{ matrix.shard }}/4"))
    let inputs = try String(
      contentsOf: Pages.root.appending(path: ".github/action/action.yml"), encoding: .utf8)
    for key in ["manifest", "shard", "report"] {
      #expect(workflow.contains("          \(key): ") && inputs.contains("\n  \(key):\n"))
    }
  }

  @Test("The action's script annotates the log, writes report and summary, and ends as the check does")
  func action() throws {
    let script = Pages.root.appending(path: ".github/action/check").path
    try folder.makeFolder("models/it's one")
    try folder.write(Examples.network, to: "models/it's one/a b.json")
    try folder.write(Examples.equilibrium, to: "models/it's one/a b.deq.json")
    let files = ["GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output"]
    // Without inputs every NAME.deq.json beside its network is checked; wrong.json is none.
    let found = try type("'\(script)'", environment: files)
    #expect(found.status == 0, "\(found.text)\(found.complaint)")
    #expect(found.text.hasSuffix("::notice title=deq check::2 checks: 2 proved\n"))
    #expect(try folder.text(of: "output") == "report=deq.jsonl\n")
    #expect(try folder.text(of: "summary").contains("    2 checks: 2 proved\n"))
    let shard = try type(
      "'\(script)'",
      environment: files.merging([
        "DEQ_MANIFEST": "pairs.txt", "DEQ_SHARD": "3/3", "DEQ_OPTIONS": "--samples 2 --range '0,1'",
        "DEQ_JOBS": "2",
      ]) { $1 })
    #expect(shard.status == 1)
    #expect(shard.text.contains("::error file=wrong.json,title=deq check%3A refuted::refuted: "))
    #expect(shard.text.hasSuffix("::notice title=deq check::3 checks of 9, shard 3/3: 3 refuted\n"))
    #expect(try folder.text(of: "deq.jsonl").contains("\"--range\", \"0,1\""))
    let pattern = try type(
      "'\(script)'",
      environment: files.merging(["DEQ_PATTERN": "m*.json w*.json", "DEQ_REPORT": "p.jsonl"]) { $1 })
    #expect(pattern.status == 66 && pattern.text.contains("::error file="))
    let wrong = try type("'\(script)'", environment: files.merging(["DEQ_MANIFEST": "none.txt"]) { $1 })
    #expect(wrong.status == 66 && wrong.text.contains("::error title=deq check::no report was written"))
    #expect(wrong.complaint.contains("none.txt: expected a file, found none"))
    try folder.makeFolder("empty")
    let empty = try type("cd empty; '\(script)'", environment: files)
    #expect(empty.status == 66 && empty.text.hasPrefix("::error title=deq check::expected a manifest"))
  }

  @Test("The installation has the program and what shells complete it by, below the prefix and DESTDIR")
  func installation() throws {
    let script = Pages.root.appending(path: ".ci/install").path
    let outcome = try type(
      "DESTDIR=$PWD/stage '\(script)' --binary \"$DEQ\" --without-manual /opt/deq && stage/opt/deq/bin/deq --version"
    )
    #expect(
      outcome.status == 0 && outcome.text.hasSuffix("stage/opt/deq\ndeq 1.1.0\n"), "\(outcome.complaint)")
    let share = "stage/opt/deq/share"
    for (shell, file) in [
      ("bash", "bash-completion/completions/deq"), ("zsh", "zsh/site-functions/_deq"),
      ("fish", "fish/vendor_completions.d/deq.fish"),
    ] {
      #expect(try folder.text(of: "\(share)/\(file)").contains("merge"), "\(shell)")
      guard Self.has(shell) else { continue }
      expectQuiet(try type("\(shell) -n \(share)/\(file)"))
    }
    for (arguments, line) in [
      ("--nonsense", "expected --static-stdlib, --binary or --without-manual, found --nonsense"),
      ("--binary none here", "--binary: expected a program, found "),
      ("a b", "expected one prefix, found a and b"),
    ] {
      let outcome = try type("'\(script)' \(arguments)")
      #expect(
        outcome.status == 64 && outcome.complaint.hasPrefix(".ci/install: \(line)"), "\(outcome.complaint)")
    }
  }
}
