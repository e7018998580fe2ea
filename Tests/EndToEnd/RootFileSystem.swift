import TestSupport
import Testing

/// The root file system of a baked disk as it lies there: no machine has started from it since.
struct RootFileSystem {
  private let image: String

  /// The one on the first partition of a raw disk or a fixed VHD.
  init(onDisk path: String) async throws {
    let table = try await Self.tool("sfdisk", "-d", path).succeeded()
    let start = try #require(table.stdout.firstMatch(of: /start=\s*(\d+)/)?.1, "\(table)")
    image = "\(path)?offset=\(512 * (try #require(Int(start))))"
  }

  /// What a check says that finds something wrong, or a journal that is not in its place yet; empty
  /// where all is well.
  func faults() async throws -> String {
    let check = try await Self.tool("e2fsck", "-fn", image)
    let said = check.stdout + check.stderr
    return check.exit == 0 && !said.contains("skipping journal recovery") ? "" : said
  }

  /// Whether there is a file with this path.
  func has(_ path: String) async throws -> Bool {
    let look = try await Self.tool("debugfs", "-R", "stat \(path)", image).succeeded()
    return !look.stderr.contains("File not found")
  }

  private static func tool(_ words: String...) async throws -> Ran {
    try await run("env", ["PATH=/usr/sbin:/sbin:/usr/bin:/bin"] + words)
  }
}
