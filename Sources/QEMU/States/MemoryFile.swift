internal import Foundation
internal import Layers
internal import SystemPackage

/// The file that a VM's memory is written to, by a program that QEMU starts in the VM's directory.
struct MemoryFile {
  private static let look = Duration.milliseconds(10)
  /// With less than this a disk is full: programs write in pieces.
  private static let nothing: Int64 = 4 << 20
  private let link: String
  private let end: String
  private let path: String
  private let program: String
  private let messages: LogTail

  init(in place: VMPlace, for layer: OpenLayer) throws {
    let compresses = Programs.find("zstd") != nil
    path = layer.file(compresses ? LayerFile.compressedMemory : LayerFile.plainMemory)
    // The fastest that it has: it takes half a second for a quarter of the size.
    program = compresses ? "zstd -q -1 -T2" : "cat"
    link = "\(place.directory)/memory-out"
    end = "\(place.directory)/memory-end"
    messages = LogTail(path: VMFile.messages.path(in: place.directory))
    for old in [link, end] { try? FileManager.default.removeItem(atPath: old) }
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
  }

  /// It says its exit code last: QEMU does not wait for it.
  var command: String {
    "umask 077; \(program) >memory-out; echo $? >memory-end.new; mv memory-end.new memory-end"
  }

  /// Waits until the program has written all.
  func awaitEnd(within limit: Duration) async throws {
    let deadline = ContinuousClock.now + limit
    while !FileManager.default.fileExists(atPath: end) {
      guard ContinuousClock.now < deadline else {
        throw QEMUError(.noAnswer, "could not write `\(path)`", "it took more than \(limit)")
      }
      try await ContinuousClock().sleep(for: Self.look)
    }
    let code = try String(contentsOfFile: end, encoding: .utf8)
    guard code == "0\n" else {
      throw QEMUError(
        .file, "could not write `\(path)`", "`\(program)` ended with code \(code.prefix(8))")
    }
  }

  /// Why it could not be written, where that can be seen while the file is there: QEMU knows no more
  /// than that there is nobody to write to.
  ///
  /// On a full disk there may be no room for what the program says of it, either.
  func cause(of error: any Error) -> any Error {
    let said = messages.lines(10).contains { $0.contains("No space left on device") }
    // A host that does not tell how much is free leaves the error as it is.
    let free = try? HostCapacity.current(directory: FilePath(path).removingLastComponent().string)
    guard said || free.map({ $0.diskFree < Self.nothing }) ?? false else { return error }
    return QEMUError(.file, "could not write `\(path)`", "the disk is full")
  }

  /// Gives the room back.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
