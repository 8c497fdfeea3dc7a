import CMemory

/// Lets the process keep the memory that it frees, up to the most that it has used, for what it allocates next.
///
/// For programs that evaluate the same models again and again: by default glibc gives large buffers back to the system,
/// which hands them out again page by page, each cleared anew. Where the C library is another one, nothing changes.
public func keepFreedMemory() {
  keep_freed_memory()
}
