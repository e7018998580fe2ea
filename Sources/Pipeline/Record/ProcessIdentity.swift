internal import Glibc

/// Which process a run belongs to, told apart from a later one with the same number.
public struct ProcessIdentity: Sendable, Hashable, Codable {
  /// The process number.
  public let pid: Int32
  /// When it started, in clock ticks after the machine's start (`/proc/<pid>/stat`, field 22).
  public let startTicks: UInt64
  /// The machine's boot identity; ticks mean nothing without it.
  public let bootIdentity: String
  /// The name of the machine that it runs on.
  public let host: String

  /// Whether a process is still there.
  public enum Presence: Sendable, Equatable {
    /// It runs.
    case alive
    /// It ended, however it ended.
    case gone
    /// It belongs to another machine, so nobody here can tell.
    case elsewhere
  }

  /// The process that asks.
  /// - Throws: ``RecordError`` where `/proc` can't be read.
  public static func current() throws(RecordError) -> ProcessIdentity {
    try of(pid: getpid())
  }

  /// The process with this number.
  /// - Throws: ``RecordError`` where there is none, or `/proc` can't be read.
  public static func of(pid: Int32) throws(RecordError) -> ProcessIdentity {
    guard let ticks = try startTicks(of: pid) else {
      throw RecordError(.file, "could not read process \(pid): it is gone")
    }
    return ProcessIdentity(
      pid: pid, startTicks: ticks, bootIdentity: try currentBoot(), host: currentHost())
  }

  /// Whether the process is still there.
  /// - Throws: ``RecordError`` where `/proc` can't be read.
  public func presence() throws(RecordError) -> Presence {
    guard host == Self.currentHost() else { return .elsewhere }
    guard try bootIdentity == Self.currentBoot() else { return .gone }
    return try Self.startTicks(of: pid) == startTicks ? .alive : .gone
  }

  /// Asks the process to end, by SIGTERM.
  /// - Returns: ``Presence/gone`` where it had ended before, ``Presence/alive`` where it was told.
  /// - Throws: ``RecordError`` where the system refused, or where it runs on another machine.
  public func terminate() throws(RecordError) -> Presence {
    let presence = try presence()
    guard presence == .alive else { return presence }
    if kill(pid, SIGTERM) == 0 { return .alive }
    if errno == ESRCH { return .gone }
    throw .refused("send SIGTERM to process \(pid)", errno)
  }

  /// The start of a process that is no zombie; `nil` where there is none.
  private static func startTicks(of pid: Int32) throws(RecordError) -> UInt64? {
    let path = "/proc/\(pid)/stat"
    guard access(path, F_OK) == 0 else { return nil }
    let bytes: [UInt8]
    do {
      bytes = try WholeFile.read(path)
    } catch {
      // It may have ended between the two looks.
      if access(path, F_OK) != 0 || kill(pid, 0) != 0 && errno == ESRCH { return nil }
      throw error
    }
    // The second field is the program's name in parentheses, and may hold spaces and parentheses.
    guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else {
      throw RecordError(.damaged, "could not read `\(path)`: it has no program name")
    }
    let fields = String(decoding: bytes[(end + 1)...], as: UTF8.self).split(separator: " ")
    guard fields.count > 19, let ticks = UInt64(fields[19]) else {
      throw RecordError(.damaged, "could not read `\(path)`: field 22 is missing")
    }
    return fields[0] == "Z" || fields[0] == "X" ? nil : ticks
  }

  private static func currentBoot() throws(RecordError) -> String {
    let bytes = try WholeFile.read("/proc/sys/kernel/random/boot_id")
    return String(decoding: bytes.filter { $0 > 32 }, as: UTF8.self)
  }

  private static func currentHost() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
