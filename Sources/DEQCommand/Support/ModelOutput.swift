import DeepEquilibrium

/// A model being written to a file, with its weights in a second file if they are separate. Both files get their names
/// once they are complete and accepted, so that a reader sees the old pair or the new one (`AtomicPair`).
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
      guard placement is CollectedWeights else {
        try file.write { (sink) throws(FileError) in try model.write(as: form, to: sink, weights: placement) }
        try requireReplaceable(file, force: force)
        return try keep(file) {
          try isReadable(FileContents(FileContents(reading: temporary).bytes, named: target), isAccepted)
        }
      }
      return try Interruption.removing(fileAt: WeightsMode.weightsPath(beside: target)) { weightsFile in
        guard let temporaryWeights = weightsFile.temporaryPath else {
          throw FileError(
            .cannotCreate, file: weightsFile.path, "expected a regular file to write, found another")
        }
        return try writePair(file, weightsFile, temporaries: (temporary, temporaryWeights), isAccepted)
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

  /// Writes the weights, then the description with their digest.
  private func writePair(
    _ file: AtomicFile, _ weightsFile: AtomicFile, temporaries: (description: String, weights: String),
    _ isAccepted: ((Written) throws -> Bool)?
  ) throws -> Bool {
    let collected = try collectedWeights()
    var digest: SHA256Digest?
    try weightsFile.write { (sink) throws(FileError) in
      let sink = DigestingSink(sink)
      try SafetensorsWriter(collected.tensors).write(to: sink)
      digest = sink.finish()
    }
    try requireReplaceable(weightsFile, force: force)
    let placement = try collectedWeights(digest)
    try file.write { (sink) throws(FileError) in try model.write(as: form, to: sink, weights: placement) }
    try requireReplaceable(file, force: force)
    let contents = FileContents(try FileContents(reading: temporaries.description).bytes, named: target)
    guard try isReadable(contents, weights: temporaries.weights, isAccepted) else {
      file.discard()
      weightsFile.discard()
      return false
    }
    let pair = AtomicPair(weights: weightsFile, description: file)
    try Interruption.putOff { try pair.commit(replacing: force) }
    return true
  }

  /// The tensors of the model with their names, for a weights file with this digest.
  private func collectedWeights(_ digest: SHA256Digest? = nil) throws -> CollectedWeights {
    let placement = try weights.placement(
      of: model.tensors, target: target, requiresFile: requiresWeightsFile)
    guard let placement = placement as? CollectedWeights else {
      preconditionFailure("a placement that writes no weights file")
    }
    placement.digest = digest
    // The names are given while the description is written.
    if digest == nil { try model.write(as: form, to: NullSink(named: target), weights: placement) }
    return placement
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

  private func keep(_ file: AtomicFile, if isAccepted: () throws -> Bool) throws -> Bool {
    guard try isAccepted() else {
      file.discard()
      return false
    }
    try Interruption.putOff { try file.commit(replacing: force) }
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
