internal import Foundation
internal import Layers
internal import SystemPackage

/// The file that a VM's memory is written to, by a program that QEMU starts in the VM's directory.
///
/// The machine is halted meanwhile, so it is written as it is, which takes a third of the time, and
/// compressed while the machine goes on.
struct MemoryFile {
  private static let look = Duration.milliseconds(10)
  /// With less than this a disk is full: programs write in pieces.
  private static let nothing: Int64 = 4 << 20

  private let directory: String
  private let link: String
  private let end: String
  private let plain: String
  private let compressed: String
  private let messages: LogTail

  init(in place: VMPlace, for layer: OpenLayer) throws {
    directory = place.directory
    link = "\(directory)/memory-out"
    end = "\(directory)/memory-end"
    plain = layer.file(LayerFile.plainMemory)
    compressed = layer.file(LayerFile.compressedMemory)
    messages = LogTail(path: VMFile.messages.path(in: directory))
    // Those of the state before; there may be none.
    for old in [link, end] { try? FileManager.default.removeItem(atPath: old) }
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: plain)
  }

  /// It says its exit code last: QEMU does not wait for it.
  var command: String {
    "umask 077; cat >memory-out; echo $? >memory-end.new; mv memory-end.new memory-end"
  }

  /// Waits until all is written, and compresses it where that can be done.
  func finish(within limit: Duration) async throws {
    try await awaitEnd(within: limit)
    guard let zstd = Programs.find("zstd") else { return }
    // The least that it can do: a quarter of the size. The machine comes first.
    let process = try await SupervisedProcess.start(
      SupervisedProcess.Command(
        executable: "nice",
        arguments: ["-n", "19", zstd, "-q", "-1", "--rm", plain, "-o", compressed],
        directory: directory, messages: VMFile.messages.rawValue))
    defer { process.kill() }
    guard try await process.ended(within: limit) == .exited(0) else {
      throw failure("compress", within: limit)
    }
  }

  private func awaitEnd(within limit: Duration) async throws {
    let deadline = ContinuousClock.now + limit
    while !FileManager.default.fileExists(atPath: end) {
      guard ContinuousClock.now < deadline else { throw failure("write", within: limit) }
      try await ContinuousClock().sleep(for: Self.look)
    }
    guard try String(contentsOfFile: end, encoding: .utf8) == "0\n" else {
      throw failure("write", within: limit)
    }
  }

  private func failure(_ verb: String, within limit: Duration) -> QEMUError {
    QEMUError(
      .file, "could not \(verb) `\(plain)`", "it failed, or took more than \(limit)")
  }

  /// Why it could not be written, where that can be seen while the file is there: QEMU knows no more
  /// than that there is nobody to write to.
  ///
  /// On a full disk there may be no room for what the program says of it, either.
  func cause(of error: any Error) -> any Error {
    let said = messages.lines(10).contains { $0.contains("No space left on device") }
    // A host that does not tell how much is free leaves the error as it is.
    let free = try? HostCapacity.current(directory: FilePath(plain).removingLastComponent().string)
    guard said || free.map({ $0.diskFree < Self.nothing }) ?? false else { return error }
    return QEMUError(.file, "could not write `\(plain)`", "the disk is full")
  }

  /// Gives the room back.
  func remove() {
    // What can't be removed goes with its layer.
    for path in [plain, compressed] { try? FileManager.default.removeItem(atPath: path) }
  }
}
