import TestSupport

extension JSONInstance {
  /// The values that a path of keys leads to, through every element of the arrays on the way.
  func values(at path: String) -> [JSONInstance] {
    path.split(separator: ".").reduce([self]) { values, key in
      values.flatMap { value in
        if case .array(let elements) = value { elements } else { [value] }
      }.compactMap { $0[String(key)] }
    }
  }

  /// This report with one thing wrong, at every place: an unknown key in an object, a key less, a value of a type that
  /// no place takes.
  ///
  /// - Parameter optional: The keys that an object may be without, each behind that of the object: `function.difference`,
  ///   `.search` in the report itself; `summary.` for all keys of an object.
  func changes(mayMiss optional: Set<String>) -> [(what: String, report: JSONInstance)] {
    // Of the elements of one list those that have the same keys are changed once.
    var seen: Set<String> = []
    return places.flatMap { path, value -> [(what: String, report: JSONInstance)] in
      let keys = path.map { step in if case .key(let key) = step { key } else { "" } }
      guard seen.insert("\(keys) \(value.keys)").inserted else { return [] }
      // What is not known is null, so that null is no other type there.
      let other: JSONInstance = keys.last == "wellPosed" ? .string("unknown") : .null
      var changes = [("\(other) at \(path)", replacing(path, with: other))]
      guard case .object(let members) = value else { return changes }
      changes.append(("another key at \(path)", replacing(path + [.key("surplus")], with: true)))
      let object = path.reduce("") { name, step in if case .key(let key) = step { key } else { name } } + "."
      for key in members.keys.sorted() where optional.isDisjoint(with: [object + key, object]) {
        changes.append(("without \(key) at \(path)", replacing(path + [.key(key)], with: nil)))
      }
      return changes
    }
  }
}
