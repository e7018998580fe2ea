internal import Disks
internal import Glibc
internal import SystemPackage

/// The disks that the outputs of one build have in common: in each format it is written once, and
/// all other outputs get a link to the same bytes, which never change.
actor SharedDisks {
  private enum State {
    case underway
    case made(LinkSource)
  }

  private var states: [DiskFormat: State] = [:]
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Fills `path` with the disk in this format: by a link where that can be done, else by `make`.
  ///
  /// Where another output is writing it at this moment, that is waited for: its end comes whatever
  /// happens, also when it is cancelled.
  func fill(
    _ path: FilePath, as format: DiskFormat, by make: () async throws -> Void
  ) async throws {
    if let made = await turn(format) {
      if made.link(to: path) { return }
      return try await make()
    }
    do {
      try await make()
      end(format, LinkSource(path))
    } catch {
      end(format, nil)
      throw error
    }
  }

  /// What there is of this format; `nil` for whoever has to make it.
  private func turn(_ format: DiskFormat) async -> LinkSource? {
    while true {
      switch states[format] {
      case .made(let source): return source
      case .underway: await withCheckedContinuation { waiting.append($0) }
      case nil:
        states[format] = .underway
        return nil
      }
    }
  }

  private func end(_ format: DiskFormat, _ made: LinkSource?) {
    states[format] = made.map(State.made)
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}

/// A file that links can be made to, wherever it is moved meanwhile.
private final class LinkSource: Sendable {
  private let descriptor: CInt

  init?(_ path: FilePath) {
    descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
  }

  /// Makes a link; whether that could be done: no, for another file system.
  func link(to path: FilePath) -> Bool {
    linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path.string, AT_SYMLINK_FOLLOW) == 0
  }

  deinit { close(descriptor) }
}
