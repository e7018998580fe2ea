internal import CProcess
internal import Dispatch
internal import Glibc
internal import Synchronization

/// The hold on a process that another one had started and let go, so that from now on it can't
/// outlive this one.
///
/// A shell waits for us to end, as in ``Supervision``. It is not the process's parent, so it looks
/// at the start time before it kills: another process may have the number by then. That the process
/// has ended is told by a descriptor of it.
final class Custody: ProcessHold {
  /// The words are the process's number and its start time, field 22 of `/proc/<pid>/stat`.
  private static let script = """
    exec >/dev/null 2>&1
    read -r word
    [ "$word" != release ] || exit
    read -r line <"/proc/$1/stat" && set -- "$1" "$2" ${line##*) } || exit
    [ "${22}" != "$2" ] || kill -9 "$1"
    """

  let ended = Latch<ProcessEnd>()
  private let shell: pid_t
  // Safe to share: libdispatch's objects are made for that.
  private nonisolated(unsafe) let source: any DispatchSourceRead
  /// What the shell waits on; `nil` once it is closed.
  private let lease: Mutex<Int32?>

  /// Takes hold of a process.
  /// - Throws: ``QEMUError`` where it is gone, or where there is no shell.
  init(of record: ProcessRecord, in directory: String) throws(QEMUError) {
    let operation = "could not take hold of process \(record.pid)"
    let descriptor = process_open(record.pid)
    guard descriptor >= 0 else { throw QEMUError(.ended, operation, systemText(errno)) }
    // The number can't have come to stand for another one since.
    guard record.isAlive else {
      close(descriptor)
      throw QEMUError(.ended, operation, "it is gone")
    }
    do {
      let sockets = try SocketPair()
      let command = SupervisedProcess.Command(
        executable: "sh", arguments: [], directory: directory,
        messages: VMFile.messages.rawValue, channel: nil)
      shell = try Supervision.spawn(
        [Self.script, "sh", "\(record.pid)", "\(record.startTicks)"], for: command,
        input: sockets.theirs, output: sockets.theirs)
      lease = Mutex(sockets.takeOurs())
    } catch {
      close(descriptor)
      throw error
    }
    source = DispatchSource.makeReadSource(
      fileDescriptor: descriptor, queue: DispatchQueue(label: "kiln.custody"))
    source.setCancelHandler { close(descriptor) }
    // The source keeps this alive until the process has ended: somebody must wait for the shell.
    source.setEventHandler { self.finish() }
    source.activate()
  }

  func kill() { end("") }

  func release() { end("release\n") }

  private func end(_ word: String) {
    let descriptor = lease.withLock { lease in
      defer { lease = nil }
      return lease
    }
    guard let descriptor else { return }
    let bytes = Array(word.utf8)
    if !bytes.isEmpty { _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
    close(descriptor)
  }

  private func finish() {
    source.cancel()
    kill()
    var status: Int32 = 0
    var waited = waitpid(shell, &status, 0)
    while waited < 0, errno == EINTR { waited = waitpid(shell, &status, 0) }
    ended.set(.unseen)
  }
}
