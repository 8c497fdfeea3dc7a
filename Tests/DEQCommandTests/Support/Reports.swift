import Blocks
import Equilibria
import Equivalence
import ModelJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A number of a report: JSON has no infinities, so those are words.
struct ReportedNumber: Decodable, Equatable {
  let value: Double

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      value = number
      return
    }
    switch try container.decode(String.self) {
    case "Infinity": value = .infinity
    case "-Infinity": value = -.infinity
    case "NaN": value = .nan
    case let word:
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(word) is no number")
    }
  }
}

/// What `check --json` prints, and `convert --json` and `recover --json` too.
struct CheckReport: Decodable {
  struct Side: Decodable {
    struct File: Decodable {
      let path: String
      let sha256: String
    }

    let models: [String]
    let files: [File]
  }

  struct Function: Decodable {
    struct Difference: Decodable {
      let place: String
      let row: Int?
      let column: Int?
      let first: String
      let second: String
    }

    struct Unit: Decodable, Equatable {
      let block: String
      let index: Int
    }

    let verdict: String
    let method: String?
    let errorBoundLog2: Double?
    let unique: Bool?
    let reason: String?
    let difference: Difference?
    let firstUnmatched: Unit?
    let secondUnmatched: Unit?
  }

  struct Gradient: Decodable {
    let verdict: String
  }

  struct Parameters: Decodable {
    struct Match: Decodable, Equatable {
      let first: String
      let second: String
      let basis: String
      let layout: String
    }

    let verdict: String
    let matches: [Match]
    let onlyFirst: [String]
    let onlySecond: [String]
    let divided: [String]
  }

  struct Difference: Decodable {
    let quantity: String
    let path: String
    let agreement: String
    let absolute: ReportedNumber
    let relative: ReportedNumber
    let ulps: ReportedNumber
    let allowed: ReportedNumber
    let sample: Int?
    let index: Int
    let first: ReportedNumber
    let second: ReportedNumber
  }

  struct Samples: Decodable {
    let drawn: Int
    let compared: Int
    let comparedByGradients: Int
    let withoutValue: Int
    let oneSided: Int
    let atOtherEquilibria: Int
  }

  struct Path: Decodable {
    let path: String
    let forward: [SolveReport]
    let adjoint: [SolveReport]
  }

  struct OffPattern: Decodable {
    let on: ReportedNumber
    let off: ReportedNumber
  }

  struct Search: Decodable {
    struct Strategy: Decodable {
      let name: String
      let tried: Int
    }

    let tried: Int
    let strategies: [Strategy]
  }

  struct Counterexample: Decodable {
    struct Origin: Decodable {
      let block: String
      let index: Int
    }

    let difference: Difference
    let origin: Origin?
    let input: [[Double]]
  }

  let command: String
  let schema: Int
  let version: String
  let first: Side
  let second: Side
  let seed: String
  let precision: String
  let verdict: String
  let function: Function
  let inputGradient: Gradient
  let parameters: Parameters
  let numbers: [Difference]
  let samples: Samples
  let solver: [Path]
  let offPattern: OffPattern?
  let search: Search?
  let counterexample: Counterexample?
  let warnings: [String]
  let notes: [String]
}

/// What `convert --no-check --json` prints.
struct UncheckedReport: Decodable {
  let command: String
  let first: CheckReport.Side
  let second: CheckReport.Side
  let verdict: String
}

/// One iteration of a solver.
struct SolveReport: Decodable {
  let solver: String
  let blocks: Int
  let first: String
  let converged: Bool
  let iterations: Int
  let evaluations: Int
  /// The residual after so many updates.
  struct TraceEntry: Decodable {
    let iteration: Int
    let residual: ReportedNumber
  }

  let residual: ReportedNumber
  let failures: [String]?
  let trace: [TraceEntry]?
}

/// What `evaluate` writes; `solver` with `--json` only.
struct EvaluateReport: Decodable {
  struct Solver: Decodable {
    let forward: [SolveReport]
    let adjoint: [SolveReport]
  }

  /// Rows, or a vector.
  enum Gradient: Decodable, Equatable {
    case rows([[Double]])
    case vector([Double])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let vector = try? container.decode([Double].self) {
        self = .vector(vector)
      } else {
        self = .rows(try container.decode([[Double]].self))
      }
    }
  }

  let output: [[Double]]
  let gradients: [String: Gradient]?
  let solver: Solver?
}

/// What of an evaluation's report stands there for each sample alone.
struct SampleReport: Decodable {
  struct Ending: Decodable {
    let status: String
    let iterations: Int
    let residual: ReportedNumber
  }

  struct SpectralRadius: Decodable {
    let estimate: ReportedNumber
    let products: Int
    let settled: Bool
  }

  struct Sample: Decodable {
    let forward: Ending
    let adjoint: Ending?
    let spectralRadius: SpectralRadius?
  }

  struct Gradients: Decodable {
    let input: [[Double]]
  }

  struct Seconds: Decodable {
    let forward: Double
    let adjoint: Double?
  }

  let output: [[Double]]
  let gradients: Gradients?
  let state: [String: [[Double]]]?
  let samples: [Sample]
  let seconds: Seconds?
}

/// What `inspect --json` prints.
struct InspectReport: Decodable {
  struct Block: Decodable, Equatable {
    let name: String
    let size: Int
    let activation: String
    let reads: [String]
  }

  struct Group: Decodable {
    let blocks: [String]
    let coordinates: Int
    let wellPosed: Bool?
    let condition: String
  }

  let command: String
  let file: String
  let format: String
  let form: String?
  let input: [Int]
  let layers: Int?
  let coordinates: Int
  let parameters: Int
  let nilpotencyIndex: Int?
  let output: String
  let blocks: [Block]
  let cyclicGroups: [Group]
}

/// What `property --json` prints where nothing fails.
struct PropertyReport: Decodable {
  let command: String
  let verdict: String
  let cases: Int
  let seed: String
  let layers: Int
  let implicitLayers: Int
  let operators: Int
  let rounded: Int
  let comparisons: Int
  let identical: Int
  let worstShareOfRounding: ReportedNumber
}

/// What `fixtures --json` prints.
struct FixturesReport: Decodable {
  struct Fixture: Decodable {
    let name: String
    let fault: String?
    let worst: ReportedNumber?
    let recorded: Bool
  }

  let command: String
  let verdict: String
  let fixtures: [Fixture]
}

extension Outcome {
  /// Standard output as one JSON object, and nothing else.
  func object<Report: Decodable>(_ type: Report.Type = Report.self) throws -> Report {
    try JSONDecoder().decode(type, from: Data(output))
  }

  /// The keys of the object.
  func keys() throws -> Set<String> {
    struct Anything: Decodable {
      init(from decoder: any Decoder) {}
    }
    return Set(try JSONDecoder().decode([String: Anything].self, from: Data(output)).keys)
  }
}
