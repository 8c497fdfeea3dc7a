import COpenBLAS

/// Sets how many threads matrix products may take, for the whole process.
///
/// By default OpenBLAS takes what `OPENBLAS_NUM_THREADS` says, else every core. A product's last bits may depend on
/// the number, since its summands may be grouped otherwise; the same number gives the same bits.
public func setThreads(_ count: Int) {
  precondition(count > 0, "a number of threads of \(count)")
  openblas_set_num_threads(Int32(count))
}
