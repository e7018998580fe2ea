internal import FoundationEssentials
public import Testing

#if canImport(Glibc)
  internal import Glibc
#endif

extension Trait where Self == ConditionTrait {
  /// Skips a test that makes system users, and says so, where the suite does not run as root.
  public static var requiresRoot: Self {
    .enabled("SKIPPED: needs root, to make throw-away system users") { geteuid() == 0 }
  }

  /// Skips a test that needs a restartable machine, and says so, where the kernel or a sandbox
  /// refuses new process and mount namespaces.
  public static var requiresNamespaces: Self {
    .enabled("SKIPPED: needs unshare(1) to be permitted, for a machine that can restart") {
      guard geteuid() == 0 else { return false }
      return try await run("unshare", namespaceOptions + ["true"]).exit == 0
    }
  }

  /// Skips a test that reads ``Shared/data``, and says so, where that is absent.
  public static var requiresSharedData: Self {
    .enabled(if: Shared.data != nil, "SKIPPED: needs ../shared/data or KILN_DATA")
  }

  /// Skips a test that needs a program, and says so, where that is not installed.
  ///
  /// `path` is absolute.
  public static func requires(_ path: String) -> Self {
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: path), "SKIPPED: needs \(path)")
  }
}
