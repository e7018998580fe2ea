import Foundation
import Glibc
import Synchronization

/// Notices when files are saved, however an editor does that: in place, or by another file that
/// takes the name.
///
/// It notices from its beginning on, so that what is saved while nobody waits is not missed.
final class FileWatch: Sendable {
  /// How long files must be left alone before they count as saved: editors write in several steps.
  private static let settling = Duration.milliseconds(60)

  private let queue: CInt
  private let paths: @Sendable () -> Set<String>
  private let names = Mutex<[CInt: Set<String>]>([:])

  /// Watches the files at `paths`, whose directories must be there; they may become more.
  /// - Throws: ``CommandFault`` where the system refuses.
  init(_ paths: @escaping @Sendable () -> Set<String>) throws {
    queue = inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
    self.paths = paths
    guard queue >= 0 else { throw Self.fault("files") }
    try watchAll()
  }

  deinit { close(queue) }

  private func watchAll() throws {
    for path in paths() {
      let file = URL(filePath: path).standardizedFileURL
      let directory = file.deletingLastPathComponent().path(percentEncoded: false)
      let events = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO)
      let number = inotify_add_watch(queue, directory, events)
      guard number >= 0 else { throw Self.fault("`\(directory)`") }
      names.withLock { _ = $0[number, default: []].insert(file.lastPathComponent) }
    }
  }

  /// Returns when any of the files was saved, and is left alone.
  /// - Throws: ``CommandFault`` where the system refuses; `CancellationError`.
  func wait() async throws {
    try watchAll()
    repeat { try await Readiness.wait(for: queue) } while !take()
    repeat { try await ContinuousClock().sleep(for: Self.settling) } while take()
  }

  /// Takes what has happened; whether any of the files is concerned.
  private func take() -> Bool {
    var isConcerned = false
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while case let count = read(queue, &buffer, buffer.count), count > 0 {
      buffer.withUnsafeBytes { bytes in
        var place = 0
        let head = MemoryLayout<inotify_event>.size
        while place + head <= count {
          let event = bytes.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
          let end = place + head + Int(event.len)
          let name = bytes[(place + head)..<min(end, count)].prefix { $0 != 0 }
          let file = String(decoding: name, as: UTF8.self)
          if names.withLock({ $0[event.wd]?.contains(file) }) == true { isConcerned = true }
          place = end
        }
      }
    }
    return isConcerned
  }

  private static func fault(_ what: String) -> CommandFault {
    CommandFault(
      "could not watch \(what): \(String(cString: strerror(errno)))",
      hint: "leave `--watch` out, and have the step run again by hand")
  }
}
