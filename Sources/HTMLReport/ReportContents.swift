import Equilibria
import Equivalence
import FileAccess
import FixedPoints
import LinearAlgebra

/// Everything that a page shows.
public struct ReportContents {
  /// The comparison of two models.
  public struct Comparison {
    /// The first model's name.
    public let first: String
    /// The second model's name.
    public let second: String
    /// The verdict in one sentence.
    public let headline: String
    /// The answers to the three questions, each in one sentence.
    public let answers: (function: String, inputGradient: String, parameters: String)
    /// The rows of the terminal's report: what each rests on.
    public let rows: [(label: String, text: String)]
    /// The report itself, for its numbers.
    public let result: EquivalenceReport
    /// Whether both sides are one model, on two paths, so that there is no verdict to give.
    public let isOfOneModel: Bool

    /// A comparison of these parts.
    public init(
      first: String, second: String, headline: String,
      answers: (function: String, inputGradient: String, parameters: String),
      rows: [(label: String, text: String)], result: EquivalenceReport, isOfOneModel: Bool = false
    ) {
      (self.first, self.second, self.headline, self.answers) = (first, second, headline, answers)
      (self.rows, self.result, self.isOfOneModel) = (rows, result, isOfOneModel)
    }
  }

  /// What is drawn of one cyclic group.
  public struct Group {
    /// Its blocks' names.
    public let blocks: [String]
    /// The number of coordinates.
    public let coordinates: Int
    /// Why it has one equilibrium, as far as is known.
    public let wellPosedness: WellPosedness
    /// The eigenvalues of J within the group, or nil.
    public let spectrum: [Eigenvalue]?
    /// What each solver did.
    public let solves: [Solve]

    /// A group of these parts.
    public init(
      blocks: [String], coordinates: Int, wellPosedness: WellPosedness, spectrum: [Eigenvalue]?,
      solves: [Solve]
    ) {
      (self.blocks, self.coordinates, self.wellPosedness) = (blocks, coordinates, wellPosedness)
      (self.spectrum, self.solves) = (spectrum, solves)
    }
  }

  /// What one solver did on a group.
  public struct Solve {
    /// The record of its iterations.
    public let record: SolveRecord
    /// The seconds of the whole solve; nil without `--timings`.
    public let seconds: Double?

    /// A solve of these parts.
    public init(record: SolveRecord, seconds: Double?) { (self.record, self.seconds) = (record, seconds) }
  }

  /// The theorem, played: both iterations, or why there is none.
  public enum Play {
    /// The state's and the adjoint's iterations from random starts.
    case recorded(forward: IterationRecording, adjoint: IterationRecording?)
    /// Left out, for a reason in one sentence.
    case omitted(String)
  }

  /// The model's file, or that of the network it was converted from.
  public var name: String
  /// Whether the model was converted for this page.
  public var isConverted: Bool
  /// The model that is drawn.
  public var model: EquilibriumModel<Double>
  /// The comparisons, the first one's verdict being the page's.
  public var comparisons: [Comparison]
  /// The iterations.
  public var play: Play
  /// The cyclic groups.
  public var groups: [Group]
  /// The files that were read.
  public var files: [InputFile]
  /// The command that makes the same page.
  public var command: String
  /// Other commands that have to do with it, with what each does.
  public var relatedCommands: [(text: String, command: String)]
  /// The tool's version.
  public var version: String
  /// Durations with their labels, in seconds; empty without `--timings`.
  public var timings: [(label: String, seconds: Double)]

  /// The contents of a page.
  public init(
    name: String, isConverted: Bool, model: EquilibriumModel<Double>, comparisons: [Comparison], play: Play,
    groups: [Group], files: [InputFile], command: String, relatedCommands: [(text: String, command: String)],
    version: String, timings: [(label: String, seconds: Double)] = []
  ) {
    (self.name, self.isConverted, self.model) = (name, isConverted, model)
    (self.comparisons, self.play, self.groups) = (comparisons, play, groups)
    (self.files, self.command, self.relatedCommands) = (files, command, relatedCommands)
    (self.version, self.timings) = (version, timings)
  }
}
