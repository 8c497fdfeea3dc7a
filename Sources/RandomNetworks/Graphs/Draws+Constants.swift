import Operators

/// Constants of operators, by the rules of their shapes where there are some, else by their kinds.
extension Draws {
  /// Constants of these kinds, in their order: the defaults often, and otherwise anything.
  package mutating func constants(_ descriptions: [ConstantDescription]) -> [Constant] {
    descriptions.map { description in
      if let value = description.defaultValue, chance(0.5) { return value }
      switch description.kind {
      case .number: return .number((generator.normal() * 16).rounded() / 16)
      case .numbers: return .numbers([])
      case .integers, .integersOrWord: return .integers([integer(-2...3)])
      case .flag: return .flag(chance(0.5))
      case .word(let words): return .word(element(of: words))
      }
    }
  }

  /// The constants that the windows of a pooling and of a convolution have in common, for samples of this shape.
  package mutating func window(_ shape: [Int], kernel: [Int], mayBeSame: Bool) -> [String: Constant] {
    let rank = shape.count - 1
    let dilation = chance(0.7) ? [1] : perAxis(1...2, rank)
    var constants: [String: Constant] = ["dilation": .integers(dilation)]
    if mayBeSame, chance(0.25) {
      constants["padding"] = .word(chance(0.8) ? "same" : "valid")
      return constants
    }
    constants["stride"] = .integers(chance(0.4) ? [1] : perAxis(1...3, rank))
    constants["padding"] = .integers(padding(kernel: kernel, dilation: dilation))
    return constants
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

  /// The constants of a pooling.
  package mutating func pooling(_ shape: [Int]) -> [String: Constant] {
    let kernel = kernel(shape)
    var constants = window(shape, kernel: kernel, mayBeSame: false)
    constants["kernel_size"] = .integers(Set(kernel).count == 1 && chance(0.5) ? [kernel[0]] : kernel)
    // A kernel of one number says not how many axes there are, which only its strides would ask for.
    if chance(0.4) { constants["stride"] = nil }
    constants["ceil_mode"] = .flag(chance(0.4))
    constants["count_include_pad"] = .flag(chance(0.5))
    return constants
  }

  /// The constants of a reduction over some axes.
  package mutating func reduction(rank: Int) -> [String: Constant] {
    ["dim": .integers(axes(rank: rank)), "keepdim": .flag(chance(0.5))]
  }
}
