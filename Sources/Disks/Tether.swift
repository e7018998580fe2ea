internal import Glibc
internal import Subprocess
internal import SystemPackage

/// Ties a program to this process: it is killed when this process is gone, however it went.
///
/// A shell between the two waits for the end of a line that only this process holds open. Otherwise a
/// program that outlives its Kiln could go on to write an image that `kiln gc` has taken away.
enum Tether {
  /// Runs `$@`: a request to end is passed on to it, and its own end ends the watch.
  private static let script = """
    exec 3<&0
    "$@" </dev/null 3<&- &
    program=$!
    trap 'kill "$program" 2>/dev/null' TERM
    { read -r word <&3; kill -9 "$program"; } >/dev/null 2>&1 &
    watch=$!
    wait "$program"
    code=$?
    while kill -0 "$program" 2>/dev/null; do wait "$program"; code=$?; done
    kill -9 "$watch" 2>/dev/null
    exit "$code"
    """

  /// Runs `body` with what the shell is to read from, which is for whoever starts it to close.
  /// - Throws: what `body` throws; `Errno` where there are no descriptors left.
  static func held<Result>(
    _ body: (FileDescriptor) async throws -> Result
  ) async throws -> Result {
    var ends: [Int32] = [-1, -1]
    // Sockets, since a pipe can't be kept from other programs in the same call.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
    defer { close(ends[1]) }
    return try await body(FileDescriptor(rawValue: ends[0]))
  }

  /// The shell's arguments that run a program with these.
  static func arguments(_ program: String, _ arguments: [String]) -> Arguments {
    Arguments(["-c", script, "kiln-tether", program] + arguments)
  }
}
