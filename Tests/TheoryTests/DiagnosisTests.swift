import Blocks
import Conversion
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import Testing

/// Theory, "Groups without an equilibrium": an implicit layer without an equilibrium is an error that says where and why.
@Suite("Diagnosis")
struct DiagnosisTests {
  /// An explicit layer, an implicit one `z = σ(w z + x + c)` of width 1, and another explicit layer.
  private func model(_ w: Double, _ c: Double, _ activation: any Nonlinearity) throws -> EquilibriumModel<
    Double
  > {
    let core = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(
          name: "z", size: 1, nonlinearity: activation,
          terms: [
            Term(source: .node(0), map: DenseMap(Matrix([[w]]))),
            Term(source: .input, map: DenseMap(Matrix([[1]]))),
          ], offsets: [Offset(vector: [c])])
      ], output: 0)
    func dense(_ name: String, reading source: Source) -> Layer<Double> {
      .explicit(
        Block(
          name: name, size: 1, nonlinearity: Identity(),
          terms: [Term(source: source, map: DenseMap(Matrix([[1]])), parameter: "\(name).weight")]))
    }
    return EquilibriumModel(
      converting: try Network(
        inputShape: [1],
        layers: [
          dense("head", reading: .input),
          .implicit(try ImplicitLayer(name: "core", source: .node(0), model: core)),
          dense("tail", reading: .node(1)),
        ], output: 2))
  }

  private func failure(
    _ model: EquilibriumModel<Double>, _ x: [[Double]], by solver: any FixedPointSolver
  ) -> NoEquilibrium? {
    do throws(NoEquilibrium) {
      _ = try model.equilibrium(Matrix(x), by: .structured(solver))
      return nil
    } catch {
      return error
    }
  }

  @Test("An oscillation is called one, with its period, its block and its sample")
  func oscillation() throws {
    let model = try model(-1, 0, Identity())
    // z ← x − z: from 0 the iterates of sample 1 are 0, 3, 0, 3; sample 0 rests at 0.
    let error = try #require(failure(model, [[0], [3]], by: Picard()))
    #expect(error.sample == 1)
    #expect(error.record.blocks == ["core.z"])
    #expect(error.record.samples[1].reason == .oscillating(period: 2))
    #expect(error.record.samples[0].reason == .converged)
    #expect(error.description.contains("sample 1") && error.description.contains("core.z"), "\(error)")
    #expect(error.description.contains("period 2"), "\(error)")
    // It has an equilibrium, 1.5, which other solvers find.
    let solution = try model.equilibrium(Matrix([[0], [3]]), by: .structured(Anderson()))
    #expect(abs(solution.output[1, 0] - 1.5) <= 1e-13)
  }

  @Test("A model that blows up is called diverging, or not finite, with its block and its sample")
  func divergence() throws {
    let model = try model(3, 1, ReLU())
    let error = try #require(failure(model, [[-5], [2]], by: Picard()))
    #expect(error.sample == 1)
    #expect(error.record.blocks == ["core.z"])
    #expect(error.record.samples[1].reason == .diverging)
    #expect(error.record.samples[0].reason == .converged)
    #expect(error.description.contains("core.z"), "\(error)")
    #expect(error.record.trace.entries.count > 2)
  }

  @Test("relu(z + 1) has no equilibrium: no solver claims one")
  func noFixedPoint() throws {
    let model = try model(1, 1, ReLU())
    let solvers: [any FixedPointSolver] = [
      Picard(), Picard(damping: 0.5), Anderson(), Broyden(), Newton(), GroupSolver(),
    ]
    for solver in solvers {
      let error = try #require(failure(model, [[0.5]], by: solver), "\(solver.name)")
      #expect(error.sample == 0)
      #expect(error.record.samples[0].reason != .converged)
      #expect(error.description.contains("core.z"))
    }
    // On the whole state no sample is presented as solved either.
    for solver in solvers {
      #expect(model.solve(Matrix([[0.5]]), by: .whole(solver)).converged == [false], "\(solver.name)")
    }
  }
}
