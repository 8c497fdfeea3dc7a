import Equilibria
import FileAccess
import TensorFiles

extension JSONValue {
  /// The model that `make` returns; an invalid model becomes an error at this value.
  ///
  /// Readers first check everything that has a place of its own, so only what concerns the model as a whole
  /// remains.
  func validModel<Model>(_ make: () throws(InvalidModel) -> Model) throws(FileError) -> Model {
    do throws(InvalidModel) { return try make() } catch { throw wrong(error.description) }
  }
}
