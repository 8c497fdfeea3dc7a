import DeepEquilibrium

/// A model being written to a file, with its weights in a second file if they are separate. Both files get their names
/// once they are complete and accepted, the weights first. If the second renaming fails, which only the file system can
/// cause, weights without a model remain, never a model without weights.
struct ModelOutput {
  let model: ModelFile
  let form: ModelForm?
  let target: String
  let weights: WeightsMode
  let force: Bool
  /// Whether a reference to weights is refused where none came from a file: numbers in JSON have no other place.
  var requiresWeightsFile = true

  /// A model read again from the written files, with these files.
  struct Written {
    let model: ModelFile
    let files: [InputFile]
  }

  /// Writes the model, reads it again, and keeps it if `isAccepted` returns true for the result.
  ///
  /// - Parameter isAccepted: Nil where it is enough that the model can be read.
  /// - Returns: Whether it was kept.
  func write(_ isAccepted: ((Written) throws -> Bool)?) throws -> Bool {
    let placement = try weights.placement(
      of: model.tensors, target: target, requiresFile: requiresWeightsFile)
    if target == "-" {
      return try writeFromMemory(placement, named: "standard output", isAccepted) { bytes throws(FileError) in
        try DescriptorSink.standardOutput().write(bytes)
      }
    }
    return try Interruption.removing(fileAt: target) { file in
      guard let temporary = file.temporaryPath else {
        // A device or a pipe cannot be read again, so the bytes are checked before they are written.
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
        return try keep([file]) { try isReadable(contents(), isAccepted) }
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
          try isReadable(contents(), weights: temporaryWeights, isAccepted)
        }
      }
    }
  }

  /// Whether the written model, read again, is accepted.
  ///
  /// - Throws: `FileError` if it cannot be read: such a file is never left behind.
  private func isReadable(
    _ contents: FileContents, weights: String? = nil, _ isAccepted: ((Written) throws -> Bool)?
  ) throws -> Bool {
    guard let isAccepted else {
      _ = try ModelFile.read(contents, weights: weights)
      return true
    }
    return try isAccepted(written(contents, weights: weights))
  }

  /// The written model, read again.
  ///
  /// - Parameter weights: The location of weights that do not have their final name yet.
  private func written(_ contents: FileContents, weights: String? = nil) throws(FileError) -> Written {
    let (model, files) = try ModelFile.readNotingFiles(contents, weights: weights)
    return Written(
      model: model,
      files: files.map { file in
        file.path == weights
          ? InputFile(path: WeightsMode.weightsPath(beside: target), digest: file.digest) : file
      })
  }

  /// Refuses, even with force, to replace the file that the weights came from, since the model reads them from it.
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
    guard try isReadable(FileContents(sink.bytes, named: name), isAccepted) else { return false }
    try write(sink.bytes)
    return true
  }
}
