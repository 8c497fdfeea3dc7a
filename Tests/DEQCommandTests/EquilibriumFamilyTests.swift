import Testing
import TestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Families of implicit models, each solved and differentiated, and judged by Newton's method over sixty digits.
@Suite(
  "Equilibria of many families of models, over sixty digits",
  .enabled(if: Python.has("mpmath", "numpy"), "Python lacks mpmath or numpy"))
struct EquilibriumFamilyTests {
  @Test("An equilibrium is found of every model, and every gradient is its derivative")
  func families() throws {
    let folder = TemporaryFolder()
    let names = try script("families.py", in: folder)
    #expect(names.count > 40)
    let tried = campaign(names, least: 16)
    for name in tried {
      let outcome = try folder.deq(
        "evaluate", "\(name).json", "--input", "\(name).sample.json", "--state", "-o", "\(name).report.json")
      #expect(outcome.status == 0 || outcome.status == 1, "\(name): \(outcome.complaint)")
    }
    let lines = try script("reference.py", tried, in: folder)
    #expect(lines.count == tried.count)
    for line in lines { #expect(line.hasPrefix("right ")) }
  }

  @Test("A state that is off by a thousandth of itself, and a gradient that is, are seen")
  func plantedFaults() throws {
    let folder = TemporaryFolder()
    let name = "dense_tanh_2_10_0"
    _ = try script("families.py", in: folder)
    _ = try folder.deq(
      "evaluate", "\(name).json", "--input", "\(name).sample.json", "--state", "-o", "\(name).report.json")
    for (key, word) in [("['state']['z'][0]", "state"), ("['gradients']['input'][0]", "gradient")] {
      let found = try Python.run(
        """
        import json, sys
        sys.path.insert(0, sys.argv[1])
        from families import problems
        from reference import verdict
        report = json.load(open("\(name).report.json"))
        report\(key)[0] *= 1.001
        (item,) = [item for item in problems("small") if item.name == "\(name)"]
        print(verdict(item, report, 1e-12))
        """, [Self.scripts], in: folder.path)
      #expect(found.hasPrefix("wrong \(name): the \(word) is off by "), "\(found)")
    }
  }

  private static let scripts =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Peers/Equilibria").path

  /// The lines that one of the scripts prints about the small problems in the folder.
  private func script(
    _ name: String, _ problems: [String] = [], in folder: TemporaryFolder
  ) throws -> [String] {
    try Python.run(
      """
      import runpy, sys
      scripts, name = sys.argv[1:3]
      sys.path.insert(0, scripts)
      sys.argv = [name, ".", *sys.argv[3:], "--size", "small"]
      runpy.run_path(f"{scripts}/{name}", run_name="__main__")
      """, [Self.scripts, name] + problems, in: folder.path
    ).split(separator: "\n").map(String.init)
  }
}
