import Foundation
import Glibc
import Memory
import TestSupport
import Testing

/// A machine's memory, and the stream that QEMU makes of it, as its `migration/ram.c` lays it out; tests of
/// the virtual machine have QEMU itself write it.
struct MachineMemory {
  static let pageSize = 4096

  /// The blocks, each with pages; `nil` is one of zeros.
  var blocks: [[[UInt8]?]]
  /// How many pages QEMU writes before it begins another section: it goes by time.
  var sectionSize = 7
  /// What comes after the memory: the devices.
  var devices: [UInt8] = Array("devices".utf8)

  /// Pages of random bytes, a third of them zeros.
  init(pages: [Int], _ random: inout some RandomNumberGenerator) {
    blocks = pages.map { count in
      (0..<count).map { _ in
        Int.random(in: 0..<3, using: &random) == 0 ? nil : Self.page(&random)
      }
    }
  }

  static func page(_ random: inout some RandomNumberGenerator) -> [UInt8] {
    (0..<pageSize).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }

  /// What QEMU writes.
  var stream: [UInt8] {
    var bytes = Array("QEVM\0\0\0\u{3}\u{7}\0\0\0\u{8}pc-q35-7".utf8)
    var written = 0
    for (number, pages) in blocks.enumerated() {
      for (index, page) in pages.enumerated() {
        let flags: UInt64 = (page == nil ? 0x02 : 0x08) | (index == 0 ? 0 : 0x20)
        let header = UInt64(index * Self.pageSize) | flags
        withUnsafeBytes(of: header.bigEndian) { bytes += $0 }
        if index == 0 {
          let name = Array("block-\(number)".utf8)
          bytes += [UInt8(name.count)] + name
        }
        bytes += page ?? [0]
        written += 1
        // The end of a section, its footer, and the beginning of the next.
        if written.isMultiple(of: sectionSize) {
          bytes += [0, 0, 0, 0, 0, 0, 0, 0x10, 0x7E, 0, 0, 0, 2, 2, 0, 0, 0, 2]
        }
      }
    }
    return bytes + devices
  }
}

/// Directories of kept states, and files that QEMU has written.
struct MemoryRig {
  let root: String

  static func with(_ body: (MemoryRig) async throws -> Void) async throws {
    try await ScratchDirectory.with { try await body(MemoryRig(root: $0)) }
  }

  func write(_ bytes: [UInt8], as name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: "\(root)/\(name)"))
    return "\(root)/\(name)"
  }

  /// Keeps a memory in a directory of that name.
  func keep(
    _ bytes: [UInt8], as name: String, over earlier: KeptMemory? = nil, from plain: String? = nil
  ) async throws -> KeptMemory {
    let directory = "\(root)/\(name)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    return try await KeptMemory.keep(
      try write(bytes, as: "\(name).plain"), in: directory, over: earlier, from: plain)
  }

  /// The files of a state, and how large they are.
  func files(_ name: String) throws -> [String: Int] {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(name)")
    return Dictionary(
      uniqueKeysWithValues: names.map { file in
        var status = stat()
        stat("\(root)/\(name)/\(file)", &status)
        return (file, Int(status.st_size))
      })
  }

  /// What whoever goes on with a memory is sent.
  func received(_ memory: KeptMemory) async throws -> [UInt8] {
    let ends = try SocketEnds()
    let (ours, theirs) = (ends.ours, ends.theirs)
    defer { close(ours) }
    async let sent: Void = memory.send(to: ours)
    let bytes = try await withCheckedThrowingContinuation { done in
      Thread.detachNewThread {
        let file = FileHandle(fileDescriptor: theirs, closeOnDealloc: true)
        done.resume(with: Result { [UInt8](try file.readToEnd() ?? Data()) })
      }
    }
    try await sent
    return bytes
  }
}

/// Two connected sockets, which whoever has them closes.
struct SocketEnds {
  let ours: Int32
  let theirs: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    (ours, theirs) = (ends[0], ends[1])
  }
}
