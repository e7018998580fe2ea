import Disks
import Foundation
import SystemPackage
import TestSupport
import Testing

let tool = DiskTool()

/// A raw disk of `size` bytes with a little data at its start, in its middle and at its end.
func rawDisk(_ path: FilePath, size: Int) throws -> DiskImage {
  let file = try FileDescriptor.open(
    path, .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
  try file.closeAfter {
    try file.resize(to: Int64(size))
    for offset in [0, size / 2, size - 7] {
      try file.writeAll(toAbsoluteOffset: Int64(offset), "kiln \(offset % 9)\n".utf8)
    }
  }
  return DiskImage(path, format: .raw)
}

/// A raw disk without a hole.
func filledDisk(_ path: FilePath, size: Int) throws -> DiskImage {
  var number: UInt64 = 88_172_645_463_325_252
  let words = (0..<size / 8).map { _ in
    number ^= number << 13
    number ^= number >> 7
    number ^= number << 17
    return number
  }
  try words.withUnsafeBytes { try Data($0).write(to: URL(filePath: path.string)) }
  return DiskImage(path, format: .raw)
}

/// All bytes of a file.
func bytes(of path: FilePath) throws -> Data {
  try Data(contentsOf: URL(filePath: path.string))
}

/// The room that a file takes, in bytes.
func allocated(_ path: FilePath) async throws -> Int {
  let said = try await run("stat", ["-c", "%b %B", path.string]).succeeded().stdout
  let numbers = said.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
  return try #require(numbers.count == 2 ? numbers[0] * numbers[1] : nil)
}

/// What is in a directory.
func names(in directory: FilePath) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted()
}

/// A qemu-img that converts no faster than so many MiB a second.
func slowTool(in directory: FilePath, rate: Int = 1) async throws -> DiskTool {
  let path = directory.appending("slow-qemu-img").string
  let script = """
    #!/bin/sh
    if [ "$1" = convert ]; then shift; set -- convert -r \(rate)M "$@"; fi
    exec qemu-img "$@"
    """
  try await writeProgram(script, to: path)
  return DiskTool(path)
}

/// A directory for one test.
func withDirectory<Value>(_ body: (FilePath) async throws -> Value) async throws -> Value {
  try await ScratchDirectory.with { try await body(FilePath($0)) }
}

/// The error that `body` throws.
func failure<Value>(_ body: () async throws -> Value) async throws -> DiskError {
  do { _ = try await body() } catch let error as DiskError { return error }
  throw NoFailure()
}

/// The expected error was not thrown.
struct NoFailure: Error {}
