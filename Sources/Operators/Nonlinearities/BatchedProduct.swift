import LinearAlgebra

/// The matrix products `z = p_1 p_2` of two ports of shapes `[…, m, k]` and `[…, k, n]`, as in `torch.matmul` without
/// broadcasting: used in attention.
public struct BatchedProduct: Nonlinearity {
  public static let typeName = "matmul"
  public static let schema = OperatorSchema(
    "the matrix product of the last two axes, `[…, m, k]` and `[…, k, n]`")
  public static let inputCount = 2

  /// The matrix products.
  public init() {}

  public init(attributes: Attributes) throws(InvalidConstants) {}

  public var attributes: Attributes { [:] }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 2, portShapes[0].count >= 2, portShapes[0].count == portShapes[1].count,
      portShapes[0].dropLast(2) == portShapes[1].dropLast(2),
      portShapes[0].last! == portShapes[1].suffix(2).first!
    else { return nil }
    return portShapes[0].dropLast() + [portShapes[1].last!]
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let (m, k, n) = extents(shapes)
    let count = ports[0].elements.count / (m * k)
    var z = Matrix<S>(rows: ports[0].rows, columns: ports[0].columns / k * n)
    multiply(ports[0], ports[1], into: &z, count, (m, k), (k, n), (false, false), m: m, n: n, k: k)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let (m, k, n) = extents(shapes)
    let count = ports[0].elements.count / (m * k)
    var left = Matrix<S>(rows: ports[0].rows, columns: ports[0].columns)
    var right = Matrix<S>(rows: ports[1].rows, columns: ports[1].columns)
    multiply(cotangent, ports[1], into: &left, count, (m, n), (k, n), (false, true), m: m, n: k, k: n)
    multiply(ports[0], cotangent, into: &right, count, (m, k), (m, n), (true, false), m: k, n: n, k: m)
    return [left, right]
  }

  private func extents(_ shapes: [[Int]]) -> (m: Int, k: Int, n: Int) {
    (shapes[0][shapes[0].count - 2], shapes[0].last!, shapes[1].last!)
  }

  /// `count` products of consecutive matrices.
  private func multiply<S: Scalar>(
    _ a: Matrix<S>, _ b: Matrix<S>, into c: inout Matrix<S>, _ count: Int, _ sizeA: (Int, Int),
    _ sizeB: (Int, Int),
    _ transposed: (Bool, Bool), m: Int, n: Int, k: Int
  ) {
    a.elements.withUnsafeBufferPointer { a in
      b.elements.withUnsafeBufferPointer { b in
        c.elements.withUnsafeMutableBufferPointer { c in
          for index in 0..<count {
            S.gemm(
              transposeA: transposed.0, transposeB: transposed.1, m: m, n: n, k: k, alpha: 1,
              a: a.baseAddress! + index * sizeA.0 * sizeA.1, lda: sizeA.1,
              b: b.baseAddress! + index * sizeB.0 * sizeB.1, ldb: sizeB.1, beta: 0,
              c: c.baseAddress! + index * m * n, ldc: n)
          }
        }
      }
    }
  }
}
