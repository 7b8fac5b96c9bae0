internal import CBench

/// Wall time and CPU time since it was started: an endpoint that spins has the CPU all the time, or
/// something else ran on it and its figure says nothing.
struct Stopwatch {
  private let start = cbench_now()
  private let cpu = cbench_cpu_time()

  func reportShare(errors: Int) {
    cbench_report_share(cbench_now() - start, cbench_cpu_time() - cpu, UInt64(errors))
  }

  func reportRate(of count: Int, errors: Int) {
    let elapsed = cbench_now() - start
    cbench_report_rate(UInt64(count), elapsed, cbench_cpu_time() - cpu, UInt64(errors))
  }

  func reportLatencies(_ times: inout [UInt32], errors: Int) {
    let elapsed = cbench_now() - start
    let cpu = cbench_cpu_time() - cpu
    unsafe times.withUnsafeMutableBufferPointer { buffer in
      unsafe cbench_report_latencies(
        buffer.baseAddress, buffer.count, elapsed, cpu, UInt64(errors))
    }
  }

  func report(_ trips: inout [UInt32], errors: Int) {
    let elapsed = cbench_now() - start
    let cpu = cbench_cpu_time() - cpu
    unsafe trips.withUnsafeMutableBufferPointer { buffer in
      unsafe cbench_report_trips(
        buffer.baseAddress, buffer.count, elapsed, cpu, UInt64(errors))
    }
  }
}
