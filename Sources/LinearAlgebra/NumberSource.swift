import Synchronization

/// Numbers stored outside memory, for example in a file, that can be read on demand.
public protocol NumberSource: AnyObject, Sendable {
  /// How many numbers there are.
  var count: Int { get }

  /// Reads all numbers, each widened to a double exactly.
  func read() -> [Double]
}

/// Numbers that are read on first use and kept from then on.
final class DeferredNumbers<S: Scalar>: Sendable {
  let source: any NumberSource
  private let loaded: Mutex<[S]?> = Mutex(nil)
  private let load: @Sendable () -> [S]

  private init(source: any NumberSource, load: @escaping @Sendable () -> [S]) {
    self.source = source
    self.load = load
  }

  /// The numbers; the first access reads them.
  var elements: [S] {
    loaded.withLock { loaded in
      if let loaded { return loaded }
      let elements = load()
      precondition(
        elements.count == source.count, "a source of \(source.count) numbers gave \(elements.count)")
      loaded = elements
      return elements
    }
  }

  /// Keeps these numbers, which are the same to the bit, in place of its own copy.
  func keep(_ elements: [S]) {
    loaded.withLock { $0 = elements }
  }
}

extension DeferredNumbers<Double> {
  convenience init(_ source: any NumberSource) {
    self.init(source: source, load: { source.read() })
  }
}
