internal import Dispatch

/// Where downloads and disks are waited for, off the cooperative threads.
package enum DiskQueue {
  /// Runs `work` on a thread of its own, so that one slow disk doesn't hold up another.
  ///
  /// The flag that it gets is raised when the task is cancelled.
  package static func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable (StopFlag) throws(Failure) -> Value
  ) async -> Result<Value, Failure> {
    let stop = StopFlag()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "kiln.http.disk").async {
          let result = Result { () throws(Failure) in try work(stop) }
          continuation.resume(returning: result)
        }
      }
    } onCancel: {
      stop.raise()
    }
  }
}
