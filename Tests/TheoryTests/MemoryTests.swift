import Blocks
import Equilibria
import FixedPoints
import Foundation
import LinearAlgebra
import Operators
import Testing

#if canImport(Glibc)
  import Glibc

  /// Theory, "Equilibrium models": implicit differentiation never goes back through the iterations, so that memory does not
  /// grow with their number.
  @Suite("Memory", .serialized)
  struct MemoryTests {
    private static let size = 3_000

    /// The most bytes resident at any of the evaluations of a solve and its adjoint, above those before.
    private func peak(iterations: Int) throws -> (bytes: Int, updates: Int) {
      let model = try EquilibriumModel<Double>(
        inputShape: [Self.size],
        blocks: [
          Block(
            name: "z", size: Self.size, nonlinearity: Gauged(),
            terms: [
              Term(source: .input, map: IdentityMap([Self.size])),
              Term(source: .node(0), map: IdentityMap([Self.size])),
            ])
        ], output: 0)
      let x = Matrix<Double>(rows: 1, columns: Self.size, repeating: 1)
      let rule = StoppingRule(relativeTolerance: 0, absoluteTolerance: 0, maximumIterations: iterations)
      Gauge.shared.start()
      let solution = model.solve(x, by: .structured(Picard()), until: rule)
      let point = model.linearization(at: solution.state, input: x)
      let adjoint = model.adjoint(at: point, cotangent: x, by: .structured(Picard()), until: rule)
      _ = model.gradients(at: point, adjoint: adjoint)
      return (Gauge.shared.peak, solution.records[0].iterations + adjoint.records[0].iterations)
    }

    /// `σ(p) = 0.9999 p`, with a look at the gauge at each use.
    private struct Gauged: PlainActivation, ScalarActivation {
      static let typeName = "gauged"
      static let schema = OperatorSchema("0.9999 p")

      func value<S: Scalar>(_ p: S) -> S { 0.9999 * p }
      func derivative<S: Scalar>(_ p: S) -> S { 0.9999 }

      func evaluate(at p: UnsafeBufferPointer<Double>, into z: UnsafeMutableBufferPointer<Double>) {
        Gauge.shared.look()
        for index in p.indices { z[index] = 0.9999 * p[index] }
      }

      func multiplyByDerivative(
        at p: UnsafeBufferPointer<Double>, into g: UnsafeMutableBufferPointer<Double>
      ) {
        Gauge.shared.look()
        for index in g.indices { g[index] *= 0.9999 }
      }
    }

    /// Follows how much memory of the process is resident, as the kernel counts it.
    private final class Gauge: @unchecked Sendable {
      static let shared = Gauge()
      private var before = 0
      private var looks = 0
      private(set) var peak = 0

      /// The second number of `/proc/self/statm` is the resident set in pages.
      private var resident: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        return numbers.count > 1 ? numbers[1] * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
      }

      func start() {
        before = resident
        (peak, looks) = (0, 0)
      }

      func look() {
        looks += 1
        if looks % 10 == 0 { peak = max(peak, resident - before) }
      }
    }

    @Test("A solve and its gradient take no more memory for 2,000 iterations than for 20")
    func independentOfIterations() throws {
      let state = Self.size * MemoryLayout<Double>.size
      var excess: [Int] = []
      // Other tests allocate at the same time, which an attempt may happen to see.
      for _ in 0..<3 where excess.allSatisfy({ $0 > 1_500 * state }) {
        let few = try peak(iterations: 20)
        let many = try peak(iterations: 2_000)
        #expect(few.updates == 40)
        #expect(many.updates == 4_000)
        excess.append(many.bytes - few.bytes)
      }
      // 3,960 more iterates, were they kept, would be 3,960 states more.
      #expect(excess.min()! <= 1_500 * state, "\(excess) bytes")
    }
  }
#endif
