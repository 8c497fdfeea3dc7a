import DeepEquilibrium
import Regression

/// The report of `property`: that every case passed, or which one failed.
enum PropertyReport {
  /// Every case passed.
  case passed(PropertySummary, cases: Int, seed: UInt64)
  /// A case failed; the smallest network that still fails is in the file at `path`.
  case failed(PropertyFailure, path: String, seed: UInt64)

  func describe(in report: inout Report) {
    switch self {
    case .passed(let summary, let cases, let seed):
      report.headline(.proved, "\(text(cases, "random network")), seed \(seed)")
      summary.describe(in: &report)
    case .failed(let failure, let path, let seed):
      report.headline(.refuted, "case \(failure.number) of seed \(seed)")
      report.row("fault", failure.fault)
      report.row("smallest", "\(text(failure.smallest.layers.count, "layer")), in \(path)")
    }
  }

  /// The report as JSON.
  ///
  /// - Parameter solve: The solver options of the command line.
  func json(_ solve: SolveOptions) throws -> String {
    try JSONText { (writer) throws(FileError) in
      try writer.heading(of: "property")
      switch self {
      case .passed(let summary, let cases, let seed):
        try writer.string("verdict", Verdict.proved.rawValue)
        try writer.integer("cases", cases)
        try writer.string("seed", String(seed))
        try solve.write(solver: nil, to: &writer)
        try summary.writeKeys(to: &writer)
      case .failed(let failure, let path, let seed):
        try writer.string("verdict", Verdict.refuted.rawValue)
        try writer.string("seed", String(seed))
        try solve.write(solver: nil, to: &writer)
        try writer.integer("case", failure.number)
        try writer.string("fault", failure.fault)
        try writer.string("smallest", path)
      }
    }.text
  }
}

extension PropertySummary {
  fileprivate func describe(in report: inout Report) {
    report.row("layers", "\(text(layers)), \(text(implicitLayers)) of them implicit")
    report.row("operators", "\(text(operators.count)) linear maps and nonlinearities")
    report.row(
      "forms",
      "each written and read in block form and in matrix form"
        + (rounded > 0 ? "; \(text(rounded)) matrices hold rounded sums, and agree" : ""))
    report.row(
      "numbers",
      "\(text(comparisons, "comparison")) of outputs and gradients, "
        + "\(text(identical)) the same to the last bit")
    report.row("worst", "\(text(worstRatio)) of what rounding explains")
  }

  fileprivate func writeKeys(to writer: inout JSONWriter) throws(FileError) {
    try writer.integer("layers", layers)
    try writer.integer("implicitLayers", implicitLayers)
    try writer.integer("operators", operators.count)
    try writer.integer("rounded", rounded)
    try writer.integer("comparisons", comparisons)
    try writer.integer("identical", identical)
    try writer.anyNumber("worstShareOfRounding", worstRatio)
  }
}
