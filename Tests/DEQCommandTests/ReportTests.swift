import Foundation
import TestSupport
import Testing

/// The page of `deq report`, judged by parsers of Python that share nothing with it.
@Suite(.enabled(if: Python.has("json"), "Python 3 is not installed"))
struct ReportTests {
  let folder = TemporaryFolder()

  /// The faults that Python finds in a page, given reports with the same numbers.
  private func faults(in page: String, against reports: [String] = []) throws -> [String] {
    let outcome = try folder.shell(
      (["python3", "\(Oracles.folder)/page.py", page] + reports).map { "'\($0)'" }.joined(separator: " "))
    #expect(outcome.complaint == "")
    return outcome.text.split(separator: "\n").map(String.init)
  }

  private func report(_ arguments: String..., status: Int32 = 0) throws {
    let outcome = try folder.deq(["report"] + arguments + ["-o", "page.html", "--force"])
    #expect(outcome.status == status, "\(outcome.complaint)")
  }

  @Test("The page of two models has every number of check and inspect, and is good HTML and XML")
  func numbers() throws {
    try folder.write(Examples.network, to: "a.json")
    for (name, weight, status) in [
      ("same", "2]]", 0), ("near", "2.0000000000000004]]", 0), ("far", "2.5]]", 1),
    ] {
      try folder.write(
        Examples.equilibrium.replacing("[0.25,2]]", with: "[0.25,\(weight)"), to: "\(name).json")
      try report("a.json", "\(name).json", status: Int32(status))
      let check = try folder.deq("check", "a.json", "\(name).json", "--json")
      try folder.write(check.output, to: "check.json")
      try folder.write(folder.deq("inspect", "\(name).json", "--json").output, to: "inspect.json")
      #expect(try faults(in: "page.html", against: ["check.json", "inspect.json"]) == [])
    }
  }

  @Test("The page of blocks that read each other has their certificates and solvers")
  func implicit() throws {
    try folder.write(Examples.ring(5), to: "ring.json")
    try folder.write(Examples.ring(5).replacing("0.5", with: "0.25"), to: "other.json")
    try report("ring.json", "other.json", status: 1)
    try folder.write(folder.deq("check", "ring.json", "other.json", "--json").output, to: "check.json")
    try folder.write(folder.deq("inspect", "ring.json", "--json").output, to: "inspect.json")
    #expect(try faults(in: "page.html", against: ["check.json", "inspect.json"]) == [])
    let page = try folder.text(of: "page.html")
    for text in ["picard: converged", "newton: converged", "spectral radius of J", "exactly at rest"] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test(
    "The judge of pages sees what is planted",
    arguments: campaign(
      [
        (#"<data value="10" data-key="parameters">"#, #"<data value="11" data-key="parameters">"#),
        (#"data-key="numbers.2.ulps">0<"#, #"data-key="numbers.2.ulps">1<"#),
        (#"data-key="verdict">proved<"#, #"data-key="verdict">agrees<"#),
        (#"id="sizes""#, #"id="pattern""#),
        (#"aria-labelledby="sizes-heading""#, #"aria-labelledby="nothing""#),
        ("</h1>", "</h1><img src=\"https://example.org/x.png\"/>"), ("</nav>", ""), (" lang=\"en\"", ""),
        ("default-src 'none'", "default-src *"), ("\"use strict\"", "\"use  strict\""), ("<h3", "<h4"),
        ("role=\"listbox\"", "role=\"listbox\" onclick=\"x\""), ("Verdict", "Ver\u{202E}dict"),
        (" aria-label=\"Entries of Wz, Wx and b\"", ""), ("scope=\"col\"", ""),
      ], least: 3))
  func planted(good: String, bad: String) throws {
    try folder.write(Examples.network, to: "a.json")
    try folder.write(Examples.equilibrium, to: "b.json")
    try report("a.json", "b.json")
    try folder.write(folder.deq("check", "a.json", "b.json", "--json").output, to: "check.json")
    try folder.write(folder.deq("inspect", "b.json", "--json").output, to: "inspect.json")
    var page = try folder.text(of: "page.html")
    let place = try #require(page.range(of: escapedIfAttribute(good)), "the page has no \(good)")
    page.replaceSubrange(place, with: escapedIfAttribute(bad))
    if good == "<h3" { page = page.replacing("</h3>", with: "</h4>", maxReplacements: 1) }
    try folder.write(page, to: "bad.html")
    #expect(try faults(in: "bad.html", against: ["check.json", "inspect.json"]) != [])
  }

  /// The policy is in an attribute, in which quotation marks are escaped.
  private func escapedIfAttribute(_ text: String) -> String {
    text.hasPrefix("default-src") ? text.replacing("'", with: "&#39;") : text
  }

  @Test("Names are text wherever they are shown, and nothing in them is markup, code, or turns what follows")
  func hostileNames() throws {
    let names = [
      #"</script><script>alert(1)</script>"#, #"\"><img src=x onerror=alert(2)>"#, #"' onclick='alert(3)"#,
      #"]]>&amp;&lt;<!--"#, #"\u202Eevil\u2066\u200B"#, #"\u001b[31m\u0085"#, #"{{x}} ${y} </style>"#,
      "\u{FFFE}",
    ]
    let layers = names.map {
      #"{"type": "dense", "name": "\#($0)", "weight": [[1]], "bias": [0.5], "activation": "tanh"}"#
    }
    let network =
      #"{"format": "network", "version": 1, "input": [1], "layers": ["# + layers.joined(separator: ",") + "]}"
    try folder.write(network, to: "<b>'&.json")
    try report("<b>'&.json")
    #expect(try faults(in: "page.html") == [])
    let page = try folder.text(of: "page.html")
    #expect(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)") && page.contains(#"\u{202E}evil\u{2066}"#))
    #expect(page.split(separator: "<script").count == 3)
    #expect(page.contains(#"deq report &#39;&lt;b&gt;&#39;\&#39;&#39;&amp;.json&#39; --seed 0"#))
  }

  @Test("A name of a megabyte, or of a part of it, does not make the page one")
  func longNames() throws {
    let name = String(repeating: "a\u{301}", count: campaignSize(300_000, least: 100_000))
    try folder.write(Examples.network.replacing(#""name": "a""#, with: #""name": "\#(name)""#), to: "a.json")
    try report("a.json")
    #expect(try folder.bytes(of: "page.html").count < 200_000)
    #expect(try faults(in: "page.html") == [])
  }

  @Test(
    "Deep models, and models that read everything, stay small",
    arguments: [("deep", 200), ("full", 60), ("wide", 400)])
  func large(kind: String, count: Int) throws {
    try folder.write(
      kind == "deep" ? Examples.deep(count) : Self.acyclic(count, isFull: kind == "full"), to: "a.json")
    try report("a.json", "--samples", "1")
    #expect(try folder.bytes(of: "page.html").count < 4_000_000)
    #expect(try faults(in: "page.html") == [])
  }

  /// Blocks that read all before them, or all the input alone.
  private static func acyclic(_ count: Int, isFull: Bool) -> String {
    let blocks = (0..<count).map { #"{"name": "b\#($0)", "size": 1, "activation": "tanh"}"# }
    let terms = (0..<count).flatMap { to in
      (isFull ? 0..<to : 0..<0).map { #"{"to": "b\#(to)", "from": "b\#($0)", "matrix": [[0.01]]}"# }
    }
    let inputs = (0..<count).map { #"{"to": "b\#($0)", "matrix": [[1]]}"# }
    return #"{"format": "equilibrium", "version": 1, "input": [1], "blocks": ["#
      + blocks.joined(separator: ",")
      + #"], "Wz": ["# + terms.joined(separator: ",") + #"], "Wx": ["# + inputs.joined(separator: ",")
      + #"], "output": "b\#(count - 1)"}"#
  }

  @Test("The same command makes the same page, without timings, and the page says the command")
  func deterministic() throws {
    try folder.write(Examples.ring(3), to: "a.json")
    try report("a.json", "--seed", "7", "--samples", "3")
    let first = try folder.bytes(of: "page.html")
    try report("a.json", "--seed", "7", "--samples", "3")
    #expect(try folder.bytes(of: "page.html") == first)
    #expect(String(decoding: first, as: UTF8.self).contains("deq report a.json --samples 3 --seed 7<"))
    try report("a.json", "--seed", "8", "--samples", "3")
    #expect(try folder.bytes(of: "page.html") != first)
    #expect(!String(decoding: first, as: UTF8.self).contains("seconds"))
    try report("a.json", "--seed", "7", "--samples", "3", "--timings")
    #expect(try folder.text(of: "page.html").contains("Times on this machine"))
  }

  @Test("The theorem's staircase is on the page: block k is right after k iterations")
  func theorem() throws {
    try folder.write(Examples.deep(4), to: "a.json")
    try report("a.json")
    let page = try folder.text(of: "page.html")
    for (iteration, right) in ["0", "1", "2", "3", "all"].enumerated() {
      #expect(page.contains("\"\(iteration) of 4 iterations: \(right) of 4 blocks right, largest residual "))
    }
    #expect(page.contains(#""forward":{"texts":["#) && page.contains(#""right":[1,2,3,4]}"#))
    // The adjoint runs backwards.
    #expect(page.contains(#""right":[4,3,2,1]}"#))
    #expect(page.contains("The residual is exactly 0 after 4 iterations."))
  }

  @Test("Several models are compared with the first, and the worst verdict is the status")
  func several() throws {
    try folder.write(Examples.network, to: "a.json")
    try folder.write(Examples.equilibrium, to: "b.json")
    try folder.write(Examples.equilibrium.replacing("[0.25,2]]", with: "[0.25,3]]"), to: "c.json")
    try report("a.json", "b.json", "c.json", status: 1)
    #expect(try faults(in: "page.html") == [])
    let page = try folder.text(of: "page.html")
    #expect(page.contains("id=\"verdict-1\"") && page.contains("The input that refutes it"))
  }

  @Test("The page goes beside the model or where it is told, and replaces nothing without force")
  func places() throws {
    try folder.write(Examples.network, to: "a.json")
    let outcome = try folder.deq("report", "a.json")
    expectQuiet(outcome)
    #expect(lines(of: outcome.text).last?.hasPrefix("report: a.report.html, ") == true)
    #expect(try folder.deq("report", "a.json", "-o", "-").output == folder.bytes(of: "a.report.html"))
    try folder.write("other", to: "a.report.html")
    #expect(try folder.deq("report", "a.json").status == 73)
    #expect(try folder.text(of: "a.report.html") == "other")
    #expect(try folder.deq("report", "a.json", "-o", "a.json", "--force").status != 0)
    #expect(try folder.text(of: "a.json") == Examples.network)
    #expect(try folder.deq("report", "none.json").status == 66)
    #expect(try folder.deq("report").status == 64)
  }
}

/// The folder of this package's Python programs.
enum Oracles {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Oracles").path()
}
