import Equilibria
import FileAccess
import TensorFiles

extension JSONValue {
  /// The model that `make` returns; what it finds wrong becomes an error at this value.
  ///
  /// Readers check everything that has a place of its own before; this is what remains for the model to say.
  func validModel<Model>(_ make: () throws(InvalidModel) -> Model) throws(FileError) -> Model {
    do throws(InvalidModel) { return try make() } catch { throw wrong(error.description) }
  }
}
