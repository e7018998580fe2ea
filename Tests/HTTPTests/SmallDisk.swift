import Glibc
import Subprocess
import SystemPackage
import Testing

/// Whether this user may mount file systems.
let mayMount = geteuid() == 0

/// Mounts a file system of 64 KiB at `directory` around `body`.
func withSmallDisk(at directory: FilePath, _ body: () async throws -> Void) async throws {
  try await command("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory.string])
  do {
    try await body()
  } catch {
    try await command("umount", [directory.string])
    throw error
  }
  try await command("umount", [directory.string])
}

private func command(_ name: String, _ arguments: [String]) async throws {
  let result = try await Subprocess.run(
    .name(name), arguments: Arguments(arguments), output: .discarded, error: .string(limit: 4096))
  try #require(result.terminationStatus.isSuccess, "\(name): \(result.standardError)")
}
