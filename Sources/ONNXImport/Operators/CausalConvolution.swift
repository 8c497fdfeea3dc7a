import LinearAlgebra
import Operators

extension OperatorTable {
  /// Convolutions that continue a sequence.
  static let causalConvolutions: [String: OperatorHandler] = [
    "CausalConvWithState": OperatorHandler(["activation"]) { node throws(ImportFailure) in
      try node.causalConvolution()
    }
  ]
}

extension NodeImport {
  /// A convolution of each channel with the elements up to a place, of which the first are a state.
  ///
  /// - Returns: The result, and the last elements as the next state.
  fileprivate func causalConvolution() throws(ImportFailure) -> [Value] {
    let (sequence, weight) = (try input(0), try input(1))
    guard sequence.shape.count == 3, weight.shape.count == 3, weight.shape[1] == 1,
      weight.shape[0] == sequence.shape[1], weight.shape[2] >= 1
    else {
      throw .refused(
        "expected a sequence [batch, channels, length] and a weight [channels, 1, width], found shapes "
          + "\(sequence.shape) and \(weight.shape)")
    }
    let (channels, before) = (weight.shape[0], weight.shape[2] - 1)
    var padded = sequence
    if hasInput(3), before > 0 {
      let state = try input(3)
      guard state.shape.count == 3, state.shape[1] == channels, state.shape[2] == before else {
        throw .refused("expected a state [batch, \(channels), \(before)], found shape \(state.shape)")
      }
      padded = try call("Concat", [state, sequence], ["axis": .integer(2)], named: "\(name)/continued")
    } else if before > 0 {
      padded = try call(
        "Pad", [sequence, .integers(Integers([0, 0, before, 0, 0, 0]))], named: "\(name)/padded")
    }
    let activation = try word("activation", of: ["none", "silu", "swish"]) ?? "none"
    let bias = hasInput(2) ? try input(2) : nil
    let convolved = try call(
      "Conv", [padded, weight, bias], ["group": .integer(channels)],
      named: activation == "none" ? name : "\(name)/convolved")
    let result =
      activation == "none" ? convolved : .variable(try elementwise("silu", of: variable(convolved)))
    guard before > 0, node.outputs.count > 1, !node.outputs[1].isEmpty else { return [result] }
    let length = padded.shape[2]
    return [
      result,
      try selected(padded, axis: 2, Array(length - before..<length), suffix: "state"),
    ]
  }
}
