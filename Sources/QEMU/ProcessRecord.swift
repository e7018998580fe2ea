internal import FoundationEssentials
internal import Glibc

/// Which process a machine is, told apart from a later one with the same number.
struct ProcessRecord: Codable, Sendable, Hashable {
  let pid: Int32
  /// When it started, in clock ticks after the host's start (`/proc/<pid>/stat`, field 22).
  let startTicks: UInt64
  /// The host's boot identity; ticks mean nothing without it.
  let bootIdentity: String

  /// The process with this number; `nil` where none runs.
  static func of(pid: Int32) -> ProcessRecord? {
    guard let ticks = startTicks(of: pid), let boot = currentBoot() else { return nil }
    return ProcessRecord(pid: pid, startTicks: ticks, bootIdentity: boot)
  }

  /// Whether this very process runs.
  var isAlive: Bool {
    pid > 1 && bootIdentity == Self.currentBoot() && startTicks == Self.startTicks(of: pid)
  }

  /// Writes the record, whole or not at all.
  func write(in directory: String) throws(QEMUError) {
    let path = VMFile.process.path(in: directory)
    let beside = path + ".new"
    do {
      try JSONEncoder().encode(self).write(to: URL(filePath: beside))
    } catch {
      throw .file("write `\(beside)`", errno)
    }
    guard rename(beside, path) == 0 else { throw .file("replace `\(path)`", errno) }
  }

  /// The record in a directory; `nil` where there is none.
  /// - Throws: ``QEMUError`` where there is one that can't be read.
  static func read(in directory: String) throws(QEMUError) -> ProcessRecord? {
    let path = VMFile.process.path(in: directory)
    guard access(path, F_OK) == 0 else { return nil }
    do {
      return try JSONDecoder().decode(
        ProcessRecord.self, from: try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw QEMUError(
        .file, "could not read `\(path)`", "it is no process record",
        hint: "look whether a QEMU of that directory still runs, end it and remove the directory")
    }
  }

  /// The start of a process that is no zombie; `nil` where there is none.
  private static func startTicks(of pid: Int32) -> UInt64? {
    // `id (name) state …`: the name may hold spaces and brackets.
    guard let text = procFile("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
      return nil
    }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return UInt64(fields[19])
  }

  private static func currentBoot() -> String? {
    procFile("/proc/sys/kernel/random/boot_id").map { $0.filter { !$0.isWhitespace } }
  }
}

/// The text of one of the kernel's files; `nil` where it can't be read.
func procFile(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 16 << 10)
  while bytes.count < 1 << 20 {
    let count = read(descriptor, &buffer, buffer.count)
    if count <= 0 { break }
    bytes += buffer[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}
