internal import Foundation
internal import Layers
internal import Memory
internal import Pipeline
internal import SystemPackage

/// The file that a VM's memory is written to.
///
/// The machine is halted meanwhile, so it is written as it is, which takes a third of the time, and
/// kept while the machine goes on: what differs from the state before, compressed.
struct MemoryFile {
  /// With less than this a disk is full: programs write in pieces.
  private static let nothing: Int64 = 4 << 20

  /// Memory and devices as QEMU writes them.
  let plain: String
  private let layer: OpenLayer

  init(at path: String, for layer: OpenLayer) {
    plain = path
    self.layer = layer
  }

  /// Keeps what was written, in its layer.
  func keep(over last: LastMemory?, within limit: Duration) async throws -> KeptMemory {
    try await withDeadline(limit, for: "the machine's memory to be compressed") {
      try await KeptMemory.keep(
        plain, in: layer.directory.string, over: last?.kept, from: last?.plain)
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
    // What can't be removed goes with the layers that nobody has a key to.
    try? FileManager.default.removeItem(atPath: plain)
    KeptMemory.remove(from: layer.directory.string)
  }
}

/// The memory that the next is compared with.
struct LastMemory {
  /// Where it is kept.
  let kept: KeptMemory
  /// What QEMU wrote of it, which is read faster.
  private(set) var plain: String?

  init(kept: KeptMemory, plain: String? = nil) {
    self.kept = kept
    self.plain = plain
  }

  /// Gives the room of the file back that QEMU wrote.
  mutating func removePlain() {
    // What can't be removed goes with the layer that it is in, which has no key.
    if let plain { try? FileManager.default.removeItem(atPath: plain) }
    plain = nil
  }
}
