import Foundation
import TestSupport
import Testing

/// `scripts/compare-images`, by which images are found to hold the same system.
@Suite(
  .requires("/usr/sbin/mke2fs"), .requires("/usr/sbin/debugfs"), .requires("/usr/bin/qemu-img"))
struct CompareImagesTests {
  /// Makes a disk of files: their content by path.
  private func disk(_ name: String, in scratch: String, _ files: [String: String]) async throws
    -> String
  {
    for (path, content) in files {
      let file = URL(filePath: "\(scratch)/\(name)\(path)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(content.utf8).write(to: file)
    }
    let disk = "\(scratch)/\(name).raw"
    _ = try await run("mke2fs", ["-q", "-d", "\(scratch)/\(name)", disk, "8M"]).succeeded()
    return disk
  }

  private func status(_ version: String) -> String {
    "Package: a\nStatus: install ok installed\nVersion: \(version)\n"
  }

  @Test func `what differs is told, and in what; what each start writes is not`() async throws {
    try await ScratchDirectory.with { scratch in
      let first = try await disk(
        "first", in: scratch,
        [
          "/etc/same": "1", "/etc/content": "1", "/etc/gone": "1", "/etc/mode": "1",
          "/var/log/syslog": "1", "/var/lib/dpkg/status": status("1"),
        ])
      for name in ["/etc", ""] {
        try FileManager.default.createDirectory(
          atPath: "\(scratch)/second\(name)", withIntermediateDirectories: true)
      }
      try FileManager.default.createSymbolicLink(
        atPath: "\(scratch)/second/etc/link", withDestinationPath: "same")
      _ = FileManager.default.createFile(
        atPath: "\(scratch)/second/etc/mode", contents: Data("1".utf8),
        attributes: [.posixPermissions: 0o600])
      let second = try await disk(
        "second", in: scratch,
        [
          "/etc/same": "1", "/etc/content": "2", "/var/log/syslog": "2",
          "/var/lib/dpkg/status": status("2"),
        ])
      let compare = "\(packageRoot)/scripts/compare-images"
      let told = try await run(compare, [first, second])
      #expect(told.exit == 1)
      #expect(
        told.stdout == """
          ~ /etc/content (content)
          - /etc/gone
          + /etc/link
          ~ /etc/mode (mode)
          ~ /var/lib/dpkg/status (content)
          package ~ a (version)

          """, "\(told)")
      let same = try await run(compare, [first, first])
      #expect(same.exit == 0 && same.stdout == "", "\(same)")
    }
  }
}
