import DeepEquilibrium

/// What `property` has to say: that every case passed, or which one failed.
enum PropertyReport {
  /// Every case passed.
  case passed(PropertySummary, cases: Int, seed: UInt64)
  /// A case failed.
  case failed(PropertyFailure, seed: UInt64)

  func describe(in report: inout Report) {
    switch self {
    case .passed(let summary, let cases, let seed):
      report.headline(.proved, "\(text(cases, "random network")), seed \(seed)")
      summary.describe(in: &report)
    case .failed(let failure, let seed):
      report.headline(.refuted, "case \(failure.number) of seed \(seed)")
      report.row("fault", failure.fault)
      report.row("smallest", "\(text(failure.smallest.layers.count, "layer")), in \(failure.path)")
    }
  }

  /// The report as JSON.
  ///
  /// - Parameter solve: What the command line asks of the solvers.
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
      case .failed(let failure, let seed):
        try writer.string("verdict", Verdict.refuted.rawValue)
        try writer.string("seed", String(seed))
        try solve.write(solver: nil, to: &writer)
        try writer.integer("case", failure.number)
        try writer.string("fault", failure.fault)
        try writer.string("smallest", failure.path)
      }
    }.text
  }
}

/// A case that failed.
struct PropertyFailure {
  /// The number of the case, from 0.
  let number: Int
  /// What is wrong, in one line.
  let fault: String
  /// The smallest network that still fails.
  let smallest: Network<Double>
  /// The file that holds it.
  let path: String
}

/// What a run of the property test has seen.
struct PropertySummary {
  private var layers = 0
  private var implicitLayers = 0
  /// The names of all operators in the networks.
  private var operators: Set<String> = []
  /// How many networks have no matrix form but a rounded one.
  var rounded = 0
  private var comparisons = 0
  private var identical = 0
  private var worstRatio = 0.0

  init() {}

  mutating func add(_ network: Network<Double>) {
    layers += network.layers.count
    for layer in network.layers {
      switch layer {
      case .explicit(let block): add([block])
      case .implicit(let layer):
        implicitLayers += 1
        add(layer.model.blocks)
      }
    }
  }

  private mutating func add(_ blocks: [Block<Double>]) {
    for block in blocks {
      operators.insert(type(of: block.nonlinearity).typeName)
      operators.formUnion(block.terms.map { type(of: $0.map).typeName })
    }
  }

  /// Counts the comparisons that decide, which are those that agree where the verdict is `proved`.
  mutating func add(_ report: EquivalenceReport) {
    for discrepancy in report.measurement.discrepancies where discrepancy.isRounding {
      comparisons += 1
      if discrepancy.absolute == 0 { identical += 1 }
      if discrepancy.absolute > 0 { worstRatio = max(worstRatio, discrepancy.absolute / discrepancy.allowed) }
    }
  }

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
