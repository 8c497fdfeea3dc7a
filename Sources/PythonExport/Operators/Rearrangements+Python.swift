import Operators

// Maps whose outputs are inputs, and resampling.

extension Reshape: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.reshape(operands[0].text, from: inputShape, to: outputShape)
  }
}

extension Flatten: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.reshape(operands[0].text, from: inputShape, to: outputShape)
  }
}

extension Permute: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let axes = [0] + dims.map { $0.batchedAxis(ofRank: inputShape.count) }
    return "\(operands[0].text).\(code.choose(torch: "permute", jax: "transpose"))(\(axes.list))"
  }
}

extension Slice: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let axis = dim.batchedAxis(ofRank: inputShape.count)
    let all = [String](repeating: ":", count: axis).joined(separator: ", ")
    return "\(operands[0].text)[\(all), \(start):\(end)\(step == 1 ? "" : ":\(step)")]"
  }
}

extension IndexSelect: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let axis = dim.batchedAxis(ofRank: inputShape.count)
    let places = code.positions(index, shape: [index.count])
    return code.choose(
      torch: "\(operands[0].text).index_select(\(axis), \(places))",
      jax: "jnp.take(\(operands[0].text), \(places), axis=\(axis))")
  }
}

extension Place: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let axis = dim < 0 ? dim + inputShape.count : dim
    var (before, behind) = (inputShape.map { _ in 0 }, inputShape.map { _ in 0 })
    (before[axis], behind[axis]) = (start, total - start - inputShape[axis])
    return code.pad(operands[0].text, before, behind)
  }
}

extension Pad: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let rank = inputShape.count
    return code.pad(operands[0].text, Array(padding.prefix(rank)), Array(padding.suffix(rank)))
  }
}

extension Upsample: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let factors = scaleFactor.perAxis(inputShape.count - 1)
    return factors.enumerated().reduce(operands[0].text) { text, factor in
      code.choose(
        torch: "\(text).repeat_interleave(\(factor.element), \(factor.offset + 2))",
        jax: "jnp.repeat(\(text), \(factor.element), \(factor.offset + 2))")
    }
  }
}

extension Interpolate: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (x, extents) = (operands[0].text, Array(outputShape.dropFirst()))
    if code.library == .torch, mode == .linear {
      let word = ["linear", "bilinear", "trilinear"][extents.count - 1]
      let corners = alignCorners ? ", align_corners=True" : ""
      return "F.interpolate(\(x), \(extents.tuple), mode=\"\(word)\"\(corners))"
    }
    // As sums of gathered elements: PyTorch computes the places of "nearest" in single precision.
    let (summands, area) = (gatherings, extents.reduce(1, *))
    let places = code.positions(summands.flatMap(\.places), shape: [summands.count, area])
    let weights = code.numbers(
      summands.flatMap(\.weights), shape: [summands.count, area], named: "weights", like: x)
    let shape = [outputShape[0], area]
    return code.reshape(
      "\(code.helper(.gathered))(\(x), \(places), \(weights))", from: shape, to: outputShape)
  }
}

extension Expand: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    var x = operands[0].text
    if !factors.isEmpty {
      x = "(\(x) * \(code.numbers(factors, shape: inputShape, named: "factors", like: x)))"
    }
    let aligned = code.align(x, inputShape, along: dim, rank: outputShape.count, isBatched: true)
    return code.choose(
      torch: "\(aligned).expand(-1, \(outputShape.list))",
      jax: "(\(aligned) + jnp.zeros((1, \(outputShape.list)), \(operands[0].text).dtype))")
  }
}

extension PythonCode {
  /// Zeros around a sample; negative numbers crop.
  func pad(_ x: String, _ before: [Int], _ behind: [Int]) -> String {
    let pairs = zip(before, behind)
    if library == .torch { return "F.pad(\(x), \(pairs.reversed().flatMap { [$0, $1] }.tuple))" }
    return "\(helper(.pad))(\(x), \(pairs.map { "(\($0), \($1))" }.joined(separator: ", ")))"
  }
}
