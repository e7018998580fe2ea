internal import CProcess
internal import Dispatch
internal import Glibc

extension VirtualMachine {
  /// How long the system may take to end a killed process.
  private static let killLimit: Int32 = 20_000

  /// Ends the machine of a directory, where its process still runs: for what a run that died left
  /// behind.
  ///
  /// The record in the directory says which process that is, by number, start time and boot. Never
  /// is another process ended, and it may be called as often as one likes.
  /// - Returns: whether there was something to end.
  /// - Throws: ``QEMUError`` where the record can't be read or the process can't be ended.
  @discardableResult
  public static func endLeftover(in directory: String) async throws -> Bool {
    guard let record = try ProcessRecord.read(in: directory) else { return false }
    guard record.isAlive else { return false }
    let operation = "could not end the virtual machine of \(directory)"
    // First a hold on the process, then the look whether it is the right one: the number can't
    // come to stand for another in between.
    let descriptor = process_open(record.pid)
    guard descriptor >= 0 else {
      if errno == ESRCH { return false }
      throw QEMUError(.file, operation, "process \(record.pid): \(systemText(errno))")
    }
    defer { close(descriptor) }
    guard record.isAlive else { return false }
    guard process_signal(descriptor, SIGKILL) == 0 else {
      if errno == ESRCH { return false }
      throw QEMUError(.file, operation, "process \(record.pid): \(systemText(errno))")
    }
    let ended = await withCheckedContinuation { continuation in
      DispatchQueue(label: "kiln.leftover").async {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        continuation.resume(returning: poll(&watched, 1, killLimit) == 1)
      }
    }
    guard ended else {
      throw QEMUError(
        .noAnswer, operation, "process \(record.pid) was killed and still runs after 20 s")
    }
    return true
  }
}
