import CSodium
import LinearAlgebra
import Operators

extension EquationSystem {
  /// A digest of everything that the equations say, 32 bytes: what identifies a model that came from no file.
  var contentDigest: [UInt8] {
    let digest = Digest()
    digest.add(inputShape)
    digest.add([equations.count, output])
    for equation in equations {
      digest.add(equation.shape)
      digest.add(equation.nonlinearity.description)
      digest.add([equation.portShapes.count, equation.terms.count, equation.offsets.count])
      for shape in equation.portShapes { digest.add(shape) }
      for term in equation.terms {
        let source = if case .node(let node) = term.source { node } else { -1 }
        digest.add([term.port, source])
        digest.add(term.map)
        digest.add(term.parameter ?? "")
      }
      for offset in equation.offsets {
        digest.add([offset.port, offset.map == nil ? 0 : 1])
        if let map = offset.map { digest.add(map) }
        digest.add(offset.tensor)
        digest.add(offset.parameter ?? "")
      }
    }
    return digest.bytes
  }
}

/// A digest of what is added to it, each part with its length.
private final class Digest {
  private let memory = UnsafeMutableRawPointer.allocate(
    byteCount: crypto_generichash_statebytes(), alignment: 64)
  private var state: OpaquePointer { OpaquePointer(memory) }

  init() {
    crypto_generichash_init(state, nil, 0, 32)
  }

  deinit {
    memory.deallocate()
  }

  func add(_ integers: [Int]) {
    add(([integers.count] + integers).flatMap { UInt64(bitPattern: Int64($0)).bytes })
  }

  func add(_ text: String) {
    let bytes = Array(text.utf8)
    add([bytes.count])
    add(bytes)
  }

  func add(_ tensor: Tensor<Double>) {
    add(tensor.shape)
    tensor.elements.withUnsafeBytes { bytes in
      _ = crypto_generichash_update(
        state, bytes.bindMemory(to: UInt8.self).baseAddress, UInt64(bytes.count))
    }
  }

  func add(_ map: any LinearMap<Double>) {
    add(type(of: map).typeName)
    add(map.inputShape)
    add(map.attributes.map(\.value.description).joined(separator: ", "))
    add([map.parameter == nil ? 0 : 1])
    if let tensor = map.parameter { add(tensor) }
  }

  private func add(_ bytes: [UInt8]) {
    crypto_generichash_update(state, bytes, UInt64(bytes.count))
  }

  /// The digest of all that has been added, after which nothing may be added.
  var bytes: [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    crypto_generichash_final(state, &digest, 32)
    return digest
  }
}
