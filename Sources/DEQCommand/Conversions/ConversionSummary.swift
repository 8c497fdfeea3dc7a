import DeepEquilibrium

/// The results of several conversions.
struct ConversionSummary {
  let outcomes: [(path: String, outcome: Result<ConversionOutcome, CommandFailure>)]

  /// The worst status; nil for success.
  var worst: ExitStatus? {
    outcomes.reduce(nil) { worst, entry in
      switch entry.outcome {
      case .success(let outcome): ExitStatus.worse(worst, outcome.status)
      case .failure(let failure): ExitStatus.worse(worst, failure.status)
      }
    }
  }

  /// The number of conversions with each result, `proved`, `unchecked` or `failed`, most important first.
  private var counts: [(name: String, count: Int)] {
    let names = ["proved", "agrees", "unchecked", "undecided", "refuted", "failed"]
    let found = outcomes.map { entry in
      switch entry.outcome {
      case .success(let outcome): outcome.result?.verdict.rawValue ?? "unchecked"
      case .failure: "failed"
      }
    }
    return names.map { name in (name, found.count { $0 == name }) }.filter { $0.count > 0 }
  }

  /// One line: `3 files: 2 proved, 1 failed`.
  var line: String {
    "\(text(outcomes.count, "file")): "
      + counts.map { "\(text($0.count)) \($0.name)" }.joined(separator: ", ")
  }

  /// One object with a report for each file.
  var json: String {
    get throws {
      try JSONText { (writer) throws(FileError) in
        try writer.heading(of: "convert")
        try writer.key("conversions")
        try writer.beginArray()
        for (path, outcome) in outcomes {
          try writer.beginObject()
          switch outcome {
          case .success(let outcome): try outcome.writeKeys(to: &writer)
          case .failure(let failure):
            try writer.string("path", path)
            try writer.integer("status", Int(failure.status.rawValue))
            try writer.string("failure", failure.message)
          }
          try writer.end()
        }
        try writer.end()
        try writer.key("summary")
        try writer.beginObject(.inLine)
        for (name, count) in counts { try writer.integer(name, count) }
        try writer.end()
      }.text
    }
  }
}
