import DeepEquilibrium

/// What every report begins with, so that a reader knows what it has before him.
enum ReportHeading {
  /// The version of the reports' schemas: raised where a key changes its meaning or goes.
  static let schemaVersion = 2
}

extension JSONWriter {
  /// The command that wrote the report, the version of its schema, and that of the tool.
  mutating func heading(of command: String) throws(FileError) {
    try string("command", command)
    try integer("schema", ReportHeading.schemaVersion)
    try string("version", DEQ.version)
  }
}
