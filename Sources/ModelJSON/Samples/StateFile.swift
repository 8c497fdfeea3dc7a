import Equilibria
import FileAccess
import LinearAlgebra
import TensorFiles

/// The state of an equilibrium model as a file has it: `{"state": {"z": [[…], …]}}`, among any other keys, as in what
/// `deq evaluate --state` writes.
public enum StateFile {
  /// Reads a value for each block, `[batch, size]`; one row stands for every sample.
  ///
  /// - Throws: `FileError` of kind `badData`, with the place, for a block that is missing or one too many, for sizes that
  ///   do not fit, and for numbers that are not finite.
  public static func read(
    _ contents: FileContents, for model: EquilibriumModel<Double>, samples: Int
  ) throws(FileError) -> [Matrix<Double>] {
    let object = try JSONObject(JSONDocument(contents).root, keys: nil)
    let state = try JSONObject(try object.required("state"), keys: nil)
    let names = Set(model.blocks.map(\.name))
    for key in state.keys where !names.contains(key) {
      throw state.value.expected("the names of blocks", found: quoted(key))
    }
    var values: [Matrix<Double>] = []
    for block in model.blocks {
      let value = try state.required(block.name)
      let columns = (block.size, "the size of the block")
      values.append(
        value.isArray && value.count == 1
          ? try value.matrix(columns: columns)
          : try value.matrix(rows: (samples, "one for each sample, or one for all"), columns: columns))
    }
    return values
  }
}
