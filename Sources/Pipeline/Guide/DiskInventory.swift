public import Digests

/// Takes stock of a guest's disks before and after something, to tell what that changed.
///
/// The lists stay on the guest and are compared there: only what differs comes over the line.
public struct DiskInventory: Sendable {
  /// The directories that are looked at; all local disks where this is `/`.
  public let directories: [String]

  /// An inventory of `directories`, which are absolute paths.
  public init(of directories: [String]) { self.directories = directories }

  /// What is no disk, or somebody else's.
  private static let passedOver = [
    "9p", "autofs", "bpf", "cgroup", "cgroup2", "cifs", "configfs", "debugfs", "devpts",
    "devtmpfs", "fuse.sshfs", "fusectl", "hugetlbfs", "mqueue", "nfs", "nfs4", "proc", "pstore",
    "securityfs", "squashfs", "sysfs", "tmpfs", "tracefs",
  ]

  /// The job that takes stock before; `number` tells it from others of the run.
  public func before(_ number: Int, as user: JobUser) throws(DigestError) -> GuestJob {
    try job("inventory-\(number)-before", lists(into: "before-\(number)"), user)
  }

  /// The job that takes stock after, and says what differs: see ``DiskChanges/init(parsing:)``.
  public func after(_ number: Int, as user: JobUser) throws(DigestError) -> GuestJob {
    let compared = """
      for list in files packages; do
        LC_ALL=C comm -z -3 "$run/before-\(number).$list" "$run/after-\(number).$list"
        printf '\\0'
      done
      rm -f "$run/before-\(number)".* "$run/after-\(number)".*

      """
    return try job("inventory-\(number)-after", lists(into: "after-\(number)") + compared, user)
  }

  // Each record ends with a NUL, since names may hold anything else. `//` ends a path and begins
  // what a link leads to: no path that `find` prints has it.
  private func lists(into name: String) -> String {
    let places = directories.map(Self.quoted).joined(separator: " ")
    let types = Self.passedOver.map { "-fstype \($0)" }.joined(separator: " -o ")
    return """
      set -e
      run=$(dirname "$(dirname "$0")")
      find \(places) \\( \(types) -o -path '*/.kiln-*' \\) -prune -o \
        -printf '%y %m %U %G %s %T@ %p//%l\\0' 2>/dev/null >"$run/\(name).raw" || true
      LC_ALL=C sort -z "$run/\(name).raw" >"$run/\(name).files"
      rm -f "$run/\(name).raw"
      {
        if command -v dpkg-query >/dev/null; then
          dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Abbrev}\\n'
        elif command -v rpm >/dev/null; then
          rpm -qa --qf '%{NAME}.%{ARCH} %{VERSION}-%{RELEASE}\\n'
        fi
      } | tr '\\n' '\\0' | LC_ALL=C sort -z >"$run/\(name).packages"

      """
  }

  private func job(
    _ id: String, _ script: String, _ user: JobUser
  ) throws(DigestError) -> GuestJob {
    let bytes = Array(script.utf8)
    return GuestJob(
      id: id, script: bytes, digest: try SHA256Digest(of: bytes), interpreter: "/bin/sh",
      interpreterArgument: "", user: user, restarts: .none)
  }

  private static func quoted(_ path: String) -> String {
    "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
      + "'"
  }
}
