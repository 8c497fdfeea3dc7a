extension Block {
  /// The number of coordinates that a block claims in memory: those of its value or of its ports, whichever are more.
  ///
  /// Readers add these up and refuse a model beyond `MemoryBudget.coordinates`, so that what one writes every other reads.
  package var claimedCoordinates: Int {
    max(size, portShapes.reduce(0) { $0 + $1.reduce(1, *) })
  }
}
