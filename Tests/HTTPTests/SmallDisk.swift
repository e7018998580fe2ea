import FoundationEssentials
import Glibc
import SystemPackage

/// Whether this process may mount file systems: found out by doing it, since root in a container
/// often may not.
let mayMount: Bool = {
  let directory = "/tmp/kiln-mount-\(UUID().uuidString)"
  guard mkdir(directory, 0o700) == 0 else { return false }
  defer { rmdir(directory) }
  guard mount("tmpfs", directory, "tmpfs", 0, "size=64k") == 0 else { return false }
  return umount(directory) == 0
}()

/// Mounts a file system of 64 KiB at `directory` around `body`.
func withSmallDisk(at directory: FilePath, _ body: () async throws -> Void) async throws {
  guard mount("tmpfs", directory.string, "tmpfs", 0, "size=64k") == 0 else {
    throw Errno(rawValue: errno)
  }
  defer { umount(directory.string) }
  try await body()
}
