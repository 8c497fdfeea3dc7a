import CMemory

/// Lets the process keep freed memory, up to its peak, for later allocations.
///
/// For programs that evaluate the same models repeatedly: by default glibc returns large buffers to the
/// system, and each new page must be cleared again. Has no effect with other C libraries.
public func keepFreedMemory() {
  keep_freed_memory()
}
