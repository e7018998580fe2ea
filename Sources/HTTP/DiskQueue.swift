internal import Dispatch

/// Where this module waits for the disk, off the cooperative threads.
enum DiskQueue {
  /// Runs `work` on a thread of its own, so that one slow disk doesn't hold up another.
  static func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
  ) async -> Result<Value, Failure> {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "kiln.http.disk").async {
        continuation.resume(returning: Result(catching: work))
      }
    }
  }
}
