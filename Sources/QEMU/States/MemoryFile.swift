internal import Foundation
internal import Layers
internal import SystemPackage

/// The file that a VM's memory is written to.
///
/// The machine is halted meanwhile, so it is written as it is, which takes a third of the time, and
/// compressed while the machine goes on.
struct MemoryFile {
  /// With less than this a disk is full: programs write in pieces.
  private static let nothing: Int64 = 4 << 20

  /// Memory and devices as QEMU writes them.
  let plain: String
  private let compressed: String
  private let directory: String

  init(in place: VMPlace, for layer: OpenLayer) {
    directory = place.directory
    plain = layer.file(LayerFile.plainMemory)
    compressed = layer.file(LayerFile.compressedMemory)
  }

  /// Compresses what was written, where that can be done.
  func compress(within limit: Duration) async throws {
    guard let zstd = Programs.find("zstd") else { return }
    // The fastest of its levels that still takes more than half away. The machine comes first, but
    // beside other work the lowest priority of all would never end.
    let process = try await SupervisedProcess.start(
      SupervisedProcess.Command(
        executable: "nice",
        arguments: ["-n", "10", zstd, "-q", "--fast=3", "--rm", plain, "-o", compressed],
        directory: directory, messages: VMFile.messages.rawValue))
    defer { process.kill() }
    guard try await process.ended(within: limit) == .exited(0) else {
      throw QEMUError(
        .file, "could not compress `\(plain)`", "it failed, or took more than \(limit)")
    }
  }

  /// Why it could not be written, where that can be seen while the file is there.
  ///
  /// A host that does not tell how much is free leaves the error as it is.
  func cause(of error: any Error) -> any Error {
    let directory = FilePath(plain).removingLastComponent().string
    let free = try? HostCapacity.current(directory: directory).diskFree
    guard let free, free < Self.nothing else { return error }
    return QEMUError(.file, "could not write `\(plain)`", "the disk is full")
  }

  /// Gives the room back.
  func remove() {
    // What can't be removed goes with its layer.
    for path in [plain, compressed] { try? FileManager.default.removeItem(atPath: path) }
  }
}
