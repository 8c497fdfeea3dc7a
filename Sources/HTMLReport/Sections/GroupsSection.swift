import Equilibria
import FileAccess
import FixedPoints
import LinearAlgebra

/// The groups of blocks that read each other: whether they have one equilibrium, their spectrum, and how each solver
/// converges.
struct GroupsSection {
  /// The largest number of groups that are drawn.
  static let most = 8

  let contents: ReportContents

  var markup: Markup {
    section("groups", "Implicit groups", contents.groups.isEmpty ? [none] : groups)
  }

  private var none: Markup {
    .element(
      "p", [],
      [
        .text(
          "No blocks read each other: nothing is iterated, every eigenvalue of J is 0, and one sweep along the "
            + "dependency graph gives the equilibrium, another the adjoint.")
      ])
  }

  private var groups: [Markup] {
    let rest = contents.model.cyclicGroups.count - contents.groups.count
    return contents.groups.enumerated().map { GroupFigure(group: $1, number: $0).markup }
      + (rest > 0
        ? [.element("p", [], [.text("\(FileAccess.text(rest, "group")) more are not drawn.")])] : [])
  }
}

/// One group.
private struct GroupFigure {
  let group: ReportContents.Group
  let number: Int

  var markup: Markup {
    .element(
      "article", [Attribute("aria-labelledby", "group-\(number)")],
      [
        .element("h3", [Attribute("id", "group-\(number)")], heading), facts, spectrum,
        convergence("iterations", { entry, _ in Double(entry.iteration) }),
        group.solves.contains { $0.seconds != nil }
          ? convergence(
            "seconds, as if every iteration took as long",
            { entry, solve in
              Double(entry.iteration) / Double(max(1, solve.record.iterations)) * (solve.seconds ?? 0)
            }) : .all([]),
        solvers,
      ])
  }

  private var heading: [Markup] {
    let names = group.blocks.prefix(6).map { Markup.name($0) }
    let rest = group.blocks.count - names.count
    return [.all(names, separatedBy: ", "), .text(rest > 0 ? " and \(FileAccess.text(rest)) more" : "")]
  }

  private var facts: Markup {
    var rows: [(heading: [Markup], value: [Markup])] = [
      ([.text("coordinates")], [.count(group.coordinates, key: "cyclicGroups.\(number).coordinates")]),
      (
        [.text("one equilibrium for every input")],
        [
          .text(group.wellPosedness.isCertified ? "yes: " : "unknown: "),
          .element(
            "span", [Attribute("data-key", "cyclicGroups.\(number).condition")],
            [.text(group.wellPosedness.description)]),
        ]
      ),
    ]
    if let largest = group.spectrum?.map(\.magnitude).max() {
      rows.append(
        (
          [.text("spectral radius of J at the equilibrium")],
          [
            .number(largest),
            .text(
              largest < 1
                ? ": plain iteration converges close to it" : ": plain iteration does not converge to it"),
          ]
        ))
    }
    return table(rows, caption: "The group")
  }

  private var spectrum: Markup {
    guard let eigenvalues = group.spectrum, !eigenvalues.isEmpty else {
      return .element(
        "p", [], [.text("The spectrum is not drawn: there is no equilibrium, or the group is too large.")])
    }
    return .element(
      "figure", [],
      [
        SpectrumChart(eigenvalues: eigenvalues).markup,
        .element(
          "figcaption", [], [.text("The eigenvalues of J = ∂f/∂z within the group, and the unit circle.")]),
      ])
  }

  private func convergence(
    _ horizontal: String, _ x: (ResidualTrace.Entry, ReportContents.Solve) -> Double
  ) -> Markup {
    let series = group.solves.map { solve in
      LogChart.Series(
        name: solve.record.solver, note: outcome(of: solve),
        points: solve.record.trace.entries.map { (x($0, solve), $0.residual) })
    }
    return .element(
      "figure", [],
      [
        LogChart(series: series, horizontal: horizontal, vertical: "largest residual").markup,
        .element("figcaption", [], [.text("The residual of each solver against \(horizontal).")]),
      ])
  }

  private func outcome(of solve: ReportContents.Solve) -> String {
    guard let sample = solve.record.samples.first else { return "not run" }
    return "\(sample.reason.description) after \(FileAccess.text(solve.record.iterations, "iteration"))"
  }

  private var solvers: Markup {
    let isTimed = group.solves.contains { $0.seconds != nil }
    return table(
      columns: ["solver", "outcome", "iterations", "evaluations", "residual"] + (isTimed ? ["seconds"] : []),
      rows: group.solves.map { solve in
        [
          Markup.text(solve.record.solver), .text(solve.record.samples.first?.reason.description ?? ""),
          .count(solve.record.iterations), .count(solve.record.evaluations),
          .number(solve.record.samples.map(\.residual).max() ?? 0),
        ] + (isTimed ? [.number(solve.seconds ?? 0)] : [])
      }, caption: "Each solver from zeros, on one sample")
  }
}
