internal import CProcess
internal import Glibc
internal import Synchronization

/// The shell that holds one process, and the two sockets to it.
final class Supervision: ProcessHold {
  /// `$@` is the command; 3 is its channel, where it has one.
  static let script = """
    if setpriv --pdeathsig KILL true 2>/dev/null; then set -- setpriv --pdeathsig KILL "$@"; fi
    "$@" </dev/null &
    child=$!
    echo "$child"
    exec >/dev/null 2>&1 3<&-
    read -r word
    [ "$word" = release ] || kill -9 "$child"
    wait "$child"
    """

  /// The process's number; `nil` where the shell could not start it.
  let started = Latch<Int32?>()
  /// How the process ended.
  let ended = Latch<ProcessEnd>()

  private let shell: pid_t
  private let reader: SocketReader
  /// What the shell waits on; `nil` once it is closed.
  private let lease: Mutex<Int32?>
  private let line = Mutex([UInt8]())

  /// Starts the shell.
  init(_ command: SupervisedProcess.Command) throws(QEMUError) {
    let lease = try SocketPair()
    let told = try SocketPair()
    let words = [Self.script, "sh", command.executable] + command.arguments
    shell = try Self.spawn(words, for: command, input: lease.theirs, output: told.theirs)
    self.lease = Mutex(lease.takeOurs())
    reader = SocketReader(owning: told.takeOurs(), label: "kiln.process")
    // The reader keeps this alive until the process has ended: somebody must wait for the shell.
    reader.start(bytes: { self.receive($0) }, end: { self.finish() })
  }

  /// Has the shell kill the process.
  func kill() {
    let descriptor = lease.withLock { lease in
      defer { lease = nil }
      return lease
    }
    if let descriptor { close(descriptor) }
  }

  /// Has the shell leave the process alone from now on.
  func release() {
    lease.withLock { lease in
      guard let lease else { return }
      let word = Array("release\n".utf8)
      _ = send(lease, word, word.count, Int32(MSG_NOSIGNAL))
    }
  }

  private func receive(_ bytes: ArraySlice<UInt8>) {
    // Once the number is known, anything more is what the process itself prints.
    guard started.current == nil else { return }
    let number = line.withLock { line -> Int32? in
      line += bytes
      guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      return Int32(String(decoding: line[..<end], as: UTF8.self))
    }
    if let number { started.set(number) }
  }

  /// The process is gone; so is its shell in a moment.
  private func finish() {
    reader.stop()
    kill()
    var status: Int32 = 0
    var waited = waitpid(shell, &status, 0)
    while waited < 0, errno == EINTR { waited = waitpid(shell, &status, 0) }
    started.set(nil)
    ended.set(waited == shell ? Self.end(status) : .exited(Self.unknownCode))
  }

  /// What is told where this process ignores SIGCHLD, so that the system keeps no exit codes.
  private static let unknownCode: Int32 = 255

  /// The shell ends as its child did: with 128 and the number for a signal (POSIX, 2.8.2).
  private static func end(_ status: Int32) -> ProcessEnd {
    let signal = status & 0x7f
    guard signal == 0 else { return .signaled(signal) }
    let code = (status >> 8) & 0xff
    return code > 128 && code < 128 + 65 ? .signaled(code - 128) : .exited(code)
  }

  /// Starts a shell with a script and its words.
  static func spawn(
    _ script: [String], for command: SupervisedProcess.Command, input: Int32, output: Int32
  ) throws(QEMUError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addchdir_np(&actions, command.directory)
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(
      &actions, 2, command.messages, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    if let channel = command.channel {
      posix_spawn_file_actions_adddup2(&actions, channel, 3)
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, command.channel == nil ? 3 : 4)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: Ctrl-C at the terminal is for us alone, who then end the process.
    // Nor does it take over which signals this process blocks or ignores.
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)

    let words = ["/bin/sh", "-c"] + script
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, &arguments, environ)
    guard code == 0 else {
      throw QEMUError(
        .startFailed, "could not start `\(command.executable)` in \(command.directory)",
        systemText(code))
    }
    return child
  }
}

/// Two connected sockets that programs we start do not inherit by themselves; each is closed by
/// whoever owns it last.
final class SocketPair {
  private var ours: Int32
  /// The end for the other side.
  private(set) var theirs: Int32

  /// Both numbers are over 9, so that a program's own low numbers can be put over them.
  init() throws(QEMUError) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw QEMUError(.startFailed, "could not make a pair of sockets", systemText(errno))
    }
    ours = fcntl(ends[0], F_DUPFD_CLOEXEC, 10)
    theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, 10)
    let code = errno
    for end in ends { close(end) }
    guard ours >= 0, theirs >= 0 else {
      if ours >= 0 { close(ours) }
      if theirs >= 0 { close(theirs) }
      (ours, theirs) = (-1, -1)
      throw QEMUError(.startFailed, "could not make a pair of sockets", systemText(code))
    }
  }

  deinit {
    if ours >= 0 { close(ours) }
    closeTheirs()
  }

  /// Closes the end for the other side, which has its own by now.
  func closeTheirs() {
    if theirs >= 0 { close(theirs) }
    theirs = -1
  }

  /// Our end, which the caller closes from now on.
  func takeOurs() -> Int32 {
    defer { ours = -1 }
    return ours
  }
}
