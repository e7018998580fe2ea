internal import Dispatch
internal import Glibc

/// Reads a machine's console as the guest writes to it, and tells when the guest's kernel crashes.
///
/// The guest tells by its pvpanic device too, but only where it has a driver for that and has
/// loaded it: a kernel that finds no root file system has not.
final class ConsoleWatch: Sendable {
  // Safe to share: libdispatch's objects are made for that.
  private nonisolated(unsafe) let source: any DispatchSourceRead

  /// Watches the file at `path`, which is there already, until this is gone.
  ///
  /// `crashed` is called on a queue, at most once.
  /// - Throws: ``QEMUError`` with the system's reason.
  init(_ path: String, crashed: @escaping @Sendable () -> Void) throws(QEMUError) {
    let operation = "watch `\(path)`"
    let console = open(path, O_RDONLY | O_CLOEXEC)
    guard console >= 0 else { throw .file(operation, errno) }
    let changes = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard changes >= 0, inotify_add_watch(changes, path, UInt32(IN_MODIFY)) >= 0 else {
      let code = errno
      close(console)
      if changes >= 0 { close(changes) }
      throw .file(operation, code)
    }
    source = DispatchSource.makeReadSource(
      fileDescriptor: changes, queue: DispatchQueue(label: "kiln.console"))
    source.setCancelHandler {
      close(changes)
      close(console)
    }
    var signs = CrashSigns()
    source.setEventHandler { [source] in
      // Which changes there were does not matter: what is new is read.
      var buffer = [UInt8](repeating: 0, count: 16 << 10)
      while read(changes, &buffer, buffer.count) > 0 {}
      while case let count = read(console, &buffer, buffer.count), count > 0 {
        guard signs.appear(in: buffer[..<count]) else { continue }
        source.cancel()
        return crashed()
      }
    }
    source.activate()
  }

  deinit { source.cancel() }
}

/// What a kernel writes when it crashes, found in pieces of a console's text.
struct CrashSigns {
  /// What Linux's `panic()` writes, at the beginning of a line or behind the time.
  private static let sign = Array("Kernel panic - not syncing".utf8)
  /// A line is not kept further than this.
  private static let longestLine = 4096

  private var line: [UInt8] = []

  /// Whether a line that says so is complete with these bytes.
  mutating func appear(in bytes: ArraySlice<UInt8>) -> Bool {
    for byte in bytes {
      if byte != UInt8(ascii: "\n") {
        if line.count < Self.longestLine { line.append(byte) }
        continue
      }
      defer { line.removeAll(keepingCapacity: true) }
      if let start = line.firstRange(of: Self.sign)?.lowerBound {
        let before = line[..<start].last { $0 != UInt8(ascii: " ") }
        if before == nil || before == UInt8(ascii: "]") { return true }
      }
    }
    return false
  }
}

extension LogTail {
  /// The last lines of a console.
  ///
  /// A kernel that crashes writes registers and calls after the line that says why: that one comes
  /// first then.
  func consoleLines(_ count: Int) -> [String] {
    let all = lines(.max)
    let last = all.suffix(count)
    let why = all.last { line in
      var signs = CrashSigns()
      return signs.appear(in: Array("\(line)\n".utf8)[...])
    }
    guard count > 0, let why, !last.contains(why) else { return Array(last) }
    return [why] + last.suffix(count - 1)
  }
}
