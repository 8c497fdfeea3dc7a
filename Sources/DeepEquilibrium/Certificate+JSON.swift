import Equivalence
import FileAccess
import ModelFiles
import TensorFiles

extension Certificate {
  /// Writes the certificate as a file in the format of the page "Certificates".
  ///
  /// - Parameters:
  ///   - firstFiles: What the first model was read from; several stacked models one after the other.
  ///   - secondFiles: What the second model was read from.
  ///   - tool: The program that writes, with its version.
  /// - Throws: `FileError` where writing fails. What has been written until then is to be discarded.
  public func write(
    firstFiles: [InputFile], secondFiles: [InputFile], tool: String, to sink: any ByteSink
  ) throws(FileError) {
    var writer = JSONWriter(to: sink)
    try writer.beginObject()
    try writer.string("format", "certificate")
    try writer.key("version")
    try writer.integer(1)
    try writer.string("tool", tool)
    try writer.string("claim", claim.rawValue)
    try writer.key("whereDefined")
    try writer.boolean(whereDefined)
    try writer.key("errorBound")
    try writer.number(errorBound)
    try writer.challenge(challenge)
    try writer.elements("input", input)
    try writer.key("sides")
    try writer.beginArray()
    try writer.side(first, files: firstFiles, identity: challenge.identities[0])
    try writer.side(second, files: secondFiles, identity: challenge.identities[1])
    try writer.end()
    if let parameters { try writer.parameters(parameters) }
    try writer.end()
    try writer.finish()
  }
}

extension JSONWriter {
  /// The keys of what was drawn at random.
  fileprivate mutating func challenge(_ challenge: Certificate.Challenge) throws(FileError) {
    try key("seed")
    try integer(challenge.seed)
    try key("attempt")
    try integer(challenge.attempt)
    try string("challenge", hexadecimal(challenge.digest))
    try strings("primes", challenge.primes.map(hexadecimal))
    try string("key", hexadecimal(challenge.key))
  }

  /// One of the two models: its files and its values.
  fileprivate mutating func side(
    _ evaluation: Certificate.Evaluation, files: [InputFile], identity: [UInt8]
  ) throws(FileError) {
    try beginObject()
    try key("files")
    try beginArray()
    for file in files {
      try beginObject(.inLine)
      try string("path", file.path)
      try string("sha256", "\(file.digest)")
      try end()
    }
    try end()
    try string("identity", hexadecimal(identity))
    try key("evaluation")
    try self.evaluation(evaluation)
    try end()
  }

  private mutating func evaluation(_ evaluation: Certificate.Evaluation) throws(FileError) {
    try beginObject()
    try key("blocks")
    try beginArray()
    for block in evaluation.blocks {
      try beginObject(.inLine)
      try string("name", block.name)
      try elements("values", block.values)
      try end()
    }
    try end()
    try elements("outputs", evaluation.outputs)
    try key("groups")
    try beginArray()
    for group in evaluation.groups { try self.group(group) }
    try end()
    try end()
  }

  private mutating func group(_ group: Certificate.Group) throws(FileError) {
    try beginObject(.inLine)
    try key("cut")
    try beginArray(.inLine)
    for (block, index) in group.cut {
      try beginArray(.inLine)
      try string(block)
      try integer(index)
      try end()
    }
    try end()
    try string("digest", hexadecimal(group.digest))
    if group.isMerged {
      try key("merged")
      try boolean(true)
    }
    try end()
  }

  /// Both models with parameters drawn at random.
  fileprivate mutating func parameters(
    _ parameters: Certificate.ParameterEvaluations
  ) throws(FileError) {
    try key("parameters")
    try beginObject()
    try key("matches")
    try beginArray()
    for match in parameters.matches {
      try beginObject(.inLine)
      try string("first", match.first)
      try string("second", match.second)
      try string("layout", "\(match.layout)")
      try end()
    }
    try end()
    try key("evaluations")
    try beginArray()
    try evaluation(parameters.first)
    try evaluation(parameters.second)
    try end()
    try end()
  }

  /// A key with an array of elements on one line.
  fileprivate mutating func elements(
    _ key: String, _ elements: [Certificate.Element]
  ) throws(FileError) {
    try strings(key, elements.map { [$0.first, $0.second, $0.third].map(hexadecimal).joined() })
  }

  /// A key with a string.
  fileprivate mutating func string(_ key: String, _ value: String) throws(FileError) {
    try self.key(key)
    try string(value)
  }

  /// A key with an array of strings on one line.
  private mutating func strings(_ key: String, _ values: [String]) throws(FileError) {
    try self.key(key)
    try beginArray(.inLine)
    for value in values { try string(value) }
    try end()
  }
}

/// 16 hexadecimal digits.
private func hexadecimal(_ number: UInt64) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Two hexadecimal digits for each byte.
private func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
