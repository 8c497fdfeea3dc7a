import DeepEquilibrium

/// The keys that every report begins with, so that a reader can identify it.
enum ReportHeading {
  /// The version of the reports' schemas: raised when a key changes its meaning or is removed.
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
