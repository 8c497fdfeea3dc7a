import Foundation
import TestSupport
import Testing

/// The page of `deq report`, used in headless Chromium: sliders, pointer, keyboard, screen reader, narrow screens.
@Suite(
  .serialized,
  .enabled(if: Browser.isThere && Python.has("json"), "Chromium is not installed: .ci/setup installs it"))
struct ReportInBrowserTests {
  let folder = TemporaryFolder()

  private func faults(in page: String) throws -> [String] {
    let outcome = try folder.shell("timeout 240 python3 '\(Oracles.folder)/browser.py' \(page)")
    #expect(outcome.status == 0, "\(outcome.complaint)")
    struct Findings: Decodable { let faults: [String] }
    return try JSONDecoder().decode(Findings.self, from: Data(outcome.output)).faults
  }

  @Test("A page works", arguments: campaign(["deep", "ring", "refuted", "hostile"]))
  func works(kind: String) throws {
    try folder.write(Examples.network, to: "a.json")
    switch kind {
    case "deep": try folder.write(Examples.deep(150), to: "b.json")
    case "ring": try folder.write(Examples.ring(4), to: "b.json")
    case "hostile":
      try folder.write(
        Examples.network.replacing(#""name": "a""#, with: #""name": "</script><script>alert(1)</script>""#),
        to: "b.json")
    default: try folder.write(Examples.equilibrium.replacing("[0.25,2]]", with: "[0.25,3]]"), to: "b.json")
    }
    _ = try folder.deq(
      ["report"] + (kind == "refuted" ? ["a.json", "b.json"] : ["b.json"]) + ["-o", "page.html"])
    #expect(try faults(in: "page.html") == [])
  }

  @Test(
    "The browser notices what is planted",
    arguments: campaign([
      ("show(last);", "show(0);"), ("tell(index); }", "tell(0); }"), ("role=\"option\" ", ""),
      ("--soft: #55606e", "--soft: #b5b0be"), ("<h2", "<h5"),
    ]))
  func planted(good: String, bad: String) throws {
    try folder.write(Examples.deep(4), to: "a.json")
    _ = try folder.deq("report", "a.json", "-o", "page.html")
    let page = try folder.text(of: "page.html")
    #expect(page.contains(good))
    var changed = page.replacing(good, with: bad)
    if good == "<h2" { changed = changed.replacing("</h2", with: "</h5") }
    // The policy would refuse a style or a script that was changed; what it guards is planted here.
    changed = changed.replacing(#/<meta http-equiv[^>]*>/#, with: "")
    try folder.write(changed, to: "bad.html")
    #expect(try faults(in: "bad.html") != [])
  }

  @Test("The policy refuses a script that was changed")
  func policy() throws {
    try folder.write(Examples.deep(3), to: "a.json")
    _ = try folder.deq("report", "a.json", "-o", "page.html")
    try folder.write(
      folder.text(of: "page.html").replacing("\"use strict\";", with: "\"use strict\"; var x = 1;"),
      to: "bad.html")
    #expect(try faults(in: "bad.html").contains { $0.contains("Content Security Policy") })
  }
}

/// A browser for tests.
enum Browser {
  /// Whether there is a Chromium.
  static var isThere: Bool {
    ["chromium", "chromium-browser", "google-chrome"].contains { name in
      (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains { folder in
        FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)")
      }
    }
  }
}
