import TestSupport
import Testing

/// The forms of reports that servers of continuous integration read, by parsers that share no code with their writer.
@Suite("Forms of reports", .enabled(if: Python.has("json"), "Python lacks json")) struct CheckFormatTests {
  let folder: TemporaryFolder

  /// Names with everything that one of the forms treats as its own.
  private static let names = [
    "a<b>&\"c\".json", "50%,x:y.json", "::error::.json", "##[error]x.json", "line\nbreak.json",
    "\u{1B}[31mred\u{202E}.json",
    "ü ß.json", "]]>.json", "\u{FFFE}.json",
  ]

  init() throws {
    folder = try ManyChecksTests.models()
    for name in Self.names {
      try folder.write(Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]"), to: name)
    }
    // A manifest has no line breaks within a name, so a pattern finds these; a*b is none of them.
    try folder.makeFolder("left")
    try folder.makeFolder("right")
    for name in Self.names {
      try folder.write(Examples.network, to: "left/\(name)")
      try folder.write(Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]"), to: "right/\(name)")
    }
    try folder.write(Examples.network, to: "left/good.json")
    try folder.write(Examples.equilibrium, to: "right/good.json")
    try folder.write(Examples.network, to: "left/missing.json")
  }

  private func report(_ form: String) throws -> String {
    let outcome = try folder.deq(
      "check", "--pattern", "left/*.json", "right/*.json", "--samples", "2", "--format", form)
    #expect(outcome.status == 66 && outcome.complaint == "")
    try folder.write(outcome.output, to: "report.\(form)")
    return outcome.text
  }

  @Test("JUnit's XML is well-formed, has the attributes of its schema, and counts what it holds")
  func junit() throws {
    _ = try report("junit")
    #expect(try Python.run(Self.junitScript, in: folder.path) == "11 9 1\n")
  }

  /// The elements and attributes are those of junit-10.xsd of Jenkins' xUnit plugin.
  private static let junitScript = """
    import xml.etree.ElementTree as tree
    root = tree.parse("report.junit").getroot()
    attributes = {
        "testsuites": {"name", "time", "tests", "failures", "errors"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
        "testcase": {"name", "classname", "time"}, "failure": {"type", "message"}, "error": {"type", "message"}}
    required = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}}
    children = {
        "testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "error"},
        "failure": set(), "error": set()}
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) <= attributes[element.tag], element.attrib
        assert required.get(element.tag, set()) <= set(element.attrib), element.attrib
        assert {child.tag for child in element} <= children[element.tag]
    cases = list(root.iter("testcase"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    counts = [len(cases), len(list(root.iter("failure"))), len(list(root.iter("error")))]
    for element in (root, root[0]):
        assert [int(element.get(key)) for key in ("tests", "failures", "errors")] == counts
    names = " ".join(case.get("name") for case in cases)
    for part in ['a<b>&"c".json', "50%,x:y.json", "ü ß.json", "]]>.json"]:
        assert part in names, part
    assert all("Wz[b,a] row 1 column 1: 2.0 and 7.0" in failure.text for failure in root.iter("failure"))
    print(*counts)
    """

  @Test("Workflow commands are read back as they were meant, and no name makes another one")
  func github() throws {
    let text = try report("github")
    #expect(try Python.run(Self.githubScript, in: folder.path) == "10 1\n")
    #expect(text.contains("title=deq check%3A refuted::"))
  }

  /// What the runner of GitHub Actions does with a line (ActionCommand.cs).
  private static let githubScript = """
    import re
    def unescape(text, names):
        for code, character in names + [("%0D", "\\r"), ("%0A", "\\n"), ("%25", "%")]:
            text = text.replace(code, character)
        return text
    errors, notices = [], 0
    for line in open("report.github", encoding="utf-8", newline="\\n").read().split("\\n"):
        assert "\\r" not in line
        command = line.strip()
        if not command.startswith("::"):
            assert "##[" not in line, line
            continue
        match = re.fullmatch(r"::(\\w+)(?: (.*?))?::(.*)", command, re.S)
        properties = dict(
            part.split("=", 1) for part in match.group(2).split(",") if part)
        properties = {
            key: unescape(value, [("%3A", ":"), ("%2C", ",")]) for key, value in properties.items()}
        message = unescape(match.group(3), [])
        if match.group(1) == "notice":
            notices += 1
            continue
        assert match.group(1) == "error" and set(properties) == {"file", "title"}, line
        assert properties["title"] in ("deq check: refuted", "deq check: failed")
        errors.append(properties["file"])
        assert message.split("\\n")[0].startswith(("refuted: right/", "failed: right/missing.json")), message
    names = {"a<b>&\\"c\\".json", "50%,x:y.json", "::error::.json", "##[error]x.json", "ü ß.json", "]]>.json"}
    assert {"right/" + name for name in names} <= set(errors), errors
    print(len(errors), notices)
    """

  @Test("SARIF has what its schema and code scanning require, and its references are those of the files")
  func sarif() throws {
    _ = try report("sarif")
    #expect(try Python.run(Self.sarifScript, in: folder.path) == "10\n")
  }

  /// The required and the known properties are those of the schema of SARIF 2.1.0 (OASIS).
  private static let sarifScript = """
    import json, os, urllib.parse
    log = json.load(open("report.sarif", encoding="utf-8"))
    assert set(log) == {"$schema", "version", "runs"} and log["version"] == "2.1.0"
    run, = log["runs"]
    assert set(run) == {"tool", "invocations", "results"}
    driver = run["tool"]["driver"]
    assert set(run["tool"]) == {"driver"} and {"name"} <= set(driver) <= {"name", "version", "semanticVersion", "rules"}
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(set(rules)) == len(rules)
    for rule in driver["rules"]:
        assert set(rule) == {
            "id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"}, rule
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
    invocation, = run["invocations"]
    assert invocation == {"executionSuccessful": False, "exitCode": 66}
    def location(entry):
        place = entry["physicalLocation"]
        assert set(entry) == {"physicalLocation"} and set(place) == {"artifactLocation", "region"}
        assert place["region"] == {"startLine": 1} and set(place["artifactLocation"]) == {"uri"}
        uri = place["artifactLocation"]["uri"]
        assert uri.isascii() and not set(uri) & set(' <>"{}|\\\\^`'), uri
        parts = urllib.parse.urlsplit(uri)
        assert parts.scheme == "" and parts.netloc == "" and parts.query == "" and parts.fragment == "", uri
        return urllib.parse.unquote(parts.path)
    for result in run["results"]:
        assert set(result) == {
            "ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations", "partialFingerprints"}
        assert rules[result["ruleIndex"]] == result["ruleId"] and result["level"] == "error"
        assert set(result["message"]) == {"text"} and result["message"]["text"]
        file = location(*result["locations"])
        assert os.path.exists(file) == (result["ruleId"] == "refuted"), file
        assert all(os.path.exists(location(entry)) for entry in result["relatedLocations"])
    prints = [result["partialFingerprints"]["arguments/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    print(len(prints))
    """

  @Test("One check has every form too, also from standard input")
  func single() throws {
    #expect(
      try folder.deq("check", "mlp.json", "mlp.deq.json", "--format", "text").firstLine.hasPrefix("proved: "))
    let json = try folder.deq("check", "mlp.json", "mlp.deq.json", "--format", "json")
    #expect(try json.output == folder.deq("check", "mlp.json", "mlp.deq.json", "--json").output)
    let junit = try folder.deq("check", "-", "mlp.deq.json", "--format=junit", input: Examples.network)
    expectQuiet(junit)
    #expect(junit.text.contains("<testcase classname=\"deq.check\" name=\"- mlp.deq.json\"/>"))
    #expect(
      try folder.deq("check", "mlp.json", "none.json", "--format", "json").complaint.hasPrefix(
        "{\n  \"error\": "))
    #expect(try folder.deq("check", "mlp.json", "mlp.deq.json", "--format", "xml").status == 64)
    #expect(
      try folder.deq("check", "mlp.json", "mlp.deq.json", "--format", "sarif", "--json").complaint.contains(
        "--json: expected no other --format, found sarif"))
  }
}
