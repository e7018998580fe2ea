public import Testing

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file system that is soon full.
public enum SmallDisk {
  /// Mounts one of `bytes` in a directory of its own, and removes both when `body` returns or
  /// throws.
  ///
  /// Needs the trait `.requiresMounts`.
  public static func with<Value>(
    bytes: Int, _ body: (String) async throws -> Value
  ) async throws -> Value {
    try await ScratchDirectory.with { path in
      let made = mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)")
      guard made == 0 else { throw KitError("could not mount a tmpfs: \(lastError())") }
      let outcome = await outcome(of: { try await body(path) })
      guard umount2(path, CInt(MNT_DETACH)) == 0 else {
        throw KitError("could not unmount \(path): \(lastError())")
      }
      return try outcome.get()
    }
  }

  /// Leaves `bytes` free on the one at `path`, whatever there was.
  public static func leave(_ bytes: Int, freeOn path: String) throws {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else {
      throw KitError("could not see how full \(path) is: \(lastError())")
    }
    let used = Int(status.f_blocks - status.f_bfree) * Int(status.f_frsize)
    guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(used + bytes)") == 0 else {
      throw KitError("could not make \(path) smaller: \(lastError())")
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test that needs a ``SmallDisk``, and says so, where nothing may be mounted.
  public static var requiresMounts: Self {
    .enabled("SKIPPED: needs root and a permitted mount(2), for a disk that is soon full") {
      do { return try await SmallDisk.with(bytes: 4096) { _ in true } } catch { return false }
    }
  }
}
