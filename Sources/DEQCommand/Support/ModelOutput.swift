import DeepEquilibrium

/// A model on its way into a file, and its weights into another one where they have one of their own. Each appears under
/// its name when both are complete and accepted, the weights first: should the second renaming fail, which nothing but the
/// file system can cause then, the weights stay without their model, and never the other way round.
struct ModelOutput {
  let model: ModelFile
  let form: ModelForm?
  let target: String
  let weights: WeightsMode
  let force: Bool

  /// A model as it was read again from what was written, with the files that were written.
  struct Written {
    let model: ModelFile
    let files: [InputFile]
  }

  /// Writes the model, hands what was written to `isAccepted` as read again, and keeps it where that is true.
  ///
  /// - Parameter isAccepted: nil where nothing is to be read again.
  /// - Returns: Whether it was kept.
  func write(_ isAccepted: ((Written) throws -> Bool)?) throws -> Bool {
    let placement = try weights.placement(of: model.tensors, target: target)
    if target == "-" {
      return try writeFromMemory(placement, named: "standard output", isAccepted) { bytes throws(FileError) in
        try DescriptorSink.standardOutput().write(bytes)
      }
    }
    return try Interruption.removing(fileAt: target) { file in
      guard let temporary = file.temporaryPath else {
        // A device or a pipe: nothing to read again, so the bytes are checked on their way.
        return try writeFromMemory(placement, named: target, isAccepted) { bytes throws(FileError) in
          try file.write { sink throws(FileError) in try sink.write(bytes) }
          try file.commit()
        }
      }
      try file.write { (sink) throws(FileError) in try model.write(as: form, to: sink, weights: placement) }
      try requireReplaceable(file, force: force)
      let contents = { () throws(FileError) in
        FileContents(try FileContents(reading: temporary).bytes, named: target)
      }
      guard let collected = placement as? CollectedWeights else {
        return try keep([file]) { try isAccepted?(written(contents())) ?? true }
      }
      return try Interruption.removing(fileAt: WeightsMode.weightsPath(beside: target)) { weightsFile in
        guard let temporaryWeights = weightsFile.temporaryPath else {
          throw FileError(
            .cannotCreate, file: weightsFile.path, "expected a regular file to write, found another")
        }
        try weightsFile.write { (sink) throws(FileError) in
          try SafetensorsWriter(collected.tensors).write(to: sink)
        }
        try requireForeign(weightsFile)
        try requireReplaceable(weightsFile, force: force)
        return try keep([weightsFile, file]) {
          try isAccepted?(written(contents(), weights: temporaryWeights)) ?? true
        }
      }
    }
  }

  /// What was written, read again.
  ///
  /// - Parameter weights: Where the weights stand that have no name of their own yet.
  private func written(_ contents: FileContents, weights: String? = nil) throws(FileError) -> Written {
    let (model, files) = try ModelFile.readNotingFiles(contents, weights: weights)
    return Written(
      model: model,
      files: files.map { file in
        file.path == weights
          ? InputFile(path: WeightsMode.weightsPath(beside: target), digest: file.digest) : file
      })
  }

  /// Refuses, whatever is forced, to replace the file that the weights came from: what they were read for needs it.
  private func requireForeign(_ file: AtomicFile) throws {
    guard try file.compareWithTarget() == .different else { return }
    if model.tensors.contains(where: { ($0.source as? StoredTensor)?.isStored(at: file.path) ?? false }) {
      throw FileError(
        .cannotCreate, file: file.path,
        "holds the weights that are converted; another -o leaves them in place")
    }
  }

  private func keep(_ files: [AtomicFile], if isAccepted: () throws -> Bool) throws -> Bool {
    guard try isAccepted() else {
      for file in files { file.discard() }
      return false
    }
    try Interruption.putOff { for file in files { try file.commit() } }
    return true
  }

  private func writeFromMemory(
    _ placement: (any WeightsPlacement)?, named name: String, _ isAccepted: ((Written) throws -> Bool)?,
    to write: ([UInt8]) throws(FileError) -> Void
  ) throws -> Bool {
    guard !(placement is CollectedWeights) else {
      throw CommandFailure(
        .usage, "--weights safetensors: expected a regular file to write beside, found \(name)")
    }
    let sink = MemorySink(named: name)
    try model.write(as: form, to: sink, weights: placement)
    guard try isAccepted?(written(FileContents(sink.bytes, named: name))) ?? true else { return false }
    try write(sink.bytes)
    return true
  }
}
