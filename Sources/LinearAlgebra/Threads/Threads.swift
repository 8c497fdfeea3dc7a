/// Sets how many threads large products and loops may take, for the whole process.
///
/// By default they take what `OPENBLAS_NUM_THREADS` says, else one for every core. Only a large matrix product's last
/// bits may depend on the number, since parts of it are rounded in another order; the same number gives the same bits.
public func setThreads(_ count: Int) {
  precondition(count > 0, "a number of threads of \(count)")
  ThreadTeam.shared.setSize(count)
}

/// How many threads large products and loops may take.
public var threads: Int { ThreadTeam.shared.size }

/// How many elements of a buffer a part has at least, for a loop that does little with each: some microseconds' work.
public var elementsPerPart: Int { 1 << 14 }

/// Calls `body` with parts of 0..<count that cover it, each on a thread of the team, and returns when all are done.
///
/// There is one part for each thread, or fewer where a part would be smaller than `grain`. Boundaries between parts are
/// multiples of `alignment`.
///
/// - Parameter body: Is called from several threads at a time, so what it writes must belong to its part alone.
@inline(__always)
public func inParts(
  of count: Int, grain: Int, alignment: Int = 1, _ body: (_ part: Range<Int>) -> Void
) {
  guard count >= 2 * grain, threads > 1 else { return body(0..<count) }
  shareOut(count, parts: min(threads, count / grain), alignment: alignment, body)
}

@inline(never)
private func shareOut(_ count: Int, parts: Int, alignment: Int, _ body: (_ part: Range<Int>) -> Void) {
  let length = ((count + parts - 1) / parts + alignment - 1) / alignment * alignment
  ThreadTeam.shared.run((count + length - 1) / length) { part in
    body(part * length..<min(count, (part + 1) * length))
  }
}
