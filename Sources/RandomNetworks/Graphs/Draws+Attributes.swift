import Operators

/// Attributes of operators, by the rules of their shapes where there are some, else by their kinds.
extension Draws {
  /// Attributes of these kinds: often left at their defaults, and otherwise anything.
  package mutating func attributes(_ schema: OperatorSchema) -> [String: Constant] {
    var given: [String: Constant] = [:]
    for attribute in schema.attributes {
      if attribute.defaultValue != nil, chance(0.5) { continue }
      given[attribute.name] =
        switch attribute.kind {
        case .number: .number((generator.normal() * 16).rounded() / 16)
        case .numbers: .numbers([])
        case .integers, .integersOrWord: .integers([integer(-2...3)])
        case .flag: .flag(chance(0.5))
        case .word(let words): .word(element(of: words))
        }
    }
    return given
  }

  /// The attributes that the windows of a pooling and of a convolution have in common, for samples of this shape.
  package mutating func window(_ shape: [Int], kernel: [Int], mayBeSame: Bool) -> [String: Constant] {
    let rank = shape.count - 1
    let dilation = chance(0.7) ? [1] : perAxis(1...2, rank)
    var attributes: [String: Constant] = ["dilation": .integers(dilation)]
    if mayBeSame, chance(0.25) {
      attributes["padding"] = .word(chance(0.8) ? "same" : "valid")
      return attributes
    }
    attributes["stride"] = .integers(chance(0.4) ? [1] : perAxis(1...3, rank))
    attributes["padding"] = .integers(padding(kernel: kernel, dilation: dilation))
    return attributes
  }

  /// One number for all axes, one for each, or those before all axes and then those behind.
  package mutating func padding(kernel: [Int], dilation: [Int]) -> [Int] {
    let reaches = kernel.indices.map { axis in
      (kernel[axis] - 1) * (dilation.count == 1 ? dilation[0] : dilation[axis])
    }
    switch integer(0...3) {
    case 0: return [0]
    case 1: return [integer(0...reaches.min()!)]
    case 2: return reaches.map { integer(0...$0) }
    default: return (reaches + reaches).map { integer(0...$0) }
    }
  }

  /// An integer for all axes, or one for each.
  package mutating func perAxis(_ range: ClosedRange<Int>, _ rank: Int) -> [Int] {
    chance(0.5) ? [integer(range)] : (0..<rank).map { _ in integer(range) }
  }

  /// The extents of a window over the spatial axes of a shape.
  package mutating func kernel(_ shape: [Int]) -> [Int] {
    let kernel = shape.dropFirst().map { integer(1...min(3, $0 + 1)) }
    return chance(0.3) ? kernel.map { _ in kernel.min()! } : kernel
  }

  /// The attributes of a pooling.
  package mutating func pooling(_ shape: [Int], of schema: OperatorSchema) -> [String: Constant] {
    let kernel = kernel(shape)
    var attributes = window(shape, kernel: kernel, mayBeSame: false)
    attributes["kernel_size"] = .integers(Set(kernel).count == 1 && chance(0.5) ? [kernel[0]] : kernel)
    // A kernel of one number says not how many axes there are, which only its strides would ask for.
    if chance(0.4) { attributes["stride"] = nil }
    attributes["ceil_mode"] = .flag(chance(0.4))
    attributes["count_include_pad"] = .flag(chance(0.5))
    return attributes.filter { schema[$0.key] != nil }
  }

  /// The attributes of a reduction over some axes.
  package mutating func reduction(rank: Int) -> [String: Constant] {
    ["dim": .integers(axes(rank: rank)), "keepdim": .flag(chance(0.5))]
  }
}
