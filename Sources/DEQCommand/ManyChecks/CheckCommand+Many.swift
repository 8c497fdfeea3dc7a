import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension CheckCommand {
  /// Runs the checks of a list, or the only one where its report has a form that is made of records.
  func runMany() throws {
    let options = sharedOptions(RequiredProof.completed(Array(DEQ.arguments.dropFirst(2))))
    let list = list.isRequested ? try self.list.list(options: options) : CheckList(only: options)
    guard let output = report.output else {
      return try end(with: run(list).summary.worst)
    }
    try requireNoInput(output, list)
    // The file is begun first: whether it can be written is known before the checks have taken their time.
    let worst = try Interruption.removing(fileAt: output) { file in
      let (summary, contents) = try run(list)
      try file.write { (sink) throws(FileError) in try sink.write(Array(contents.utf8)) }
      try requireReplaceable(file, force: force)
      try file.commit(replacing: force)
      return summary.worst
    }
    try end(with: worst)
  }

  /// Runs the checks, and writes the report as it grows.
  ///
  /// - Returns: The summary, and what is to be in the file.
  private func run(_ list: CheckList) throws -> (summary: CheckSummary, contents: String) {
    let checks = list.selected
    var summary = CheckSummary(listed: list.all.count, digest: list.digest.description, shard: list.shard)
    var output = CheckReportOutput(report, json: json)
    let pool = CheckPool(
      jobs: self.list.jobs ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), readsInput: !self.list.isRequested
    )
    let progress = Progress()
    progress.show("0 of \(text(checks.count, "check"))")
    defer { progress.finish() }
    try pool.run(checks) { record in
      progress.finish()
      summary.add(record)
      try output.add(record)
      progress.show("\(summary.count) of \(text(checks.count, "check"))")
    }
    progress.finish()
    try output.finish(summary)
    return (summary, output.fileContents)
  }

  /// Refuses an output that replaces one of the models, and one that would be refused after hours of checks.
  private func requireNoInput(_ output: String, _ list: CheckList) throws {
    guard let identity = FileIdentity(at: output) else { return }
    if list.all.contains(where: { $0.files.contains { FileIdentity(at: $0) == identity } }) {
      throw FileError(
        .cannotCreate, file: output, "is one of the files to check; another -o leaves it in place")
    }
    if self.list.isRequested, !force, AtomicFile.isRegular(output) {
      throw FileError(.cannotCreate, file: output, "exists; --force replaces it")
    }
  }
}

extension CheckList {
  /// The list of one check.
  fileprivate init(only arguments: [String]) {
    let command = try? CheckCommand.parse(arguments)
    let files = command.map { $0.files + [$0.against, $0.tried.input].compactMap { $0 } } ?? []
    (all, shard) = ([ListedCheck(number: 1, arguments: arguments, files: files)], .whole)
  }
}
