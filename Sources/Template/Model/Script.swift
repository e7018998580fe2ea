public import Digests

/// What a step runs.
public enum Script: Hashable, Sendable {
  /// Lines that stand in the document; together they are one script.
  case inline([String])
  /// A script to fetch, and the checksum that it must have; `nil` where any content will do.
  case uri(String, sha256: SHA256Digest?)
}

/// How a PowerShell script is run.
public struct PowerShellOptions: Hashable, Sendable {
  /// With which rights a script runs.
  public enum Privilege: Hashable, Sendable {
    /// Those of the build user: the default.
    case user
    /// Those of the build user, elevated (`runElevated`).
    case elevated
    /// Those of the system account (`runElevated` and `runAsSystem`).
    case system
  }

  /// With which rights the script runs.
  public let privilege: Privilege

  /// The exit codes that mean success: 0 alone by default.
  public let validExitCodes: Set<Int>

  /// Describes how to run a script; the defaults are the service's.
  public init(privilege: Privilege = .user, validExitCodes: Set<Int> = [0]) {
    self.privilege = privilege
    self.validExitCodes = validExitCodes
  }
}

/// One file to copy to the machine.
public struct FileTransfer: Hashable, Sendable {
  /// Where the file is fetched from.
  public let sourceURI: String
  /// The checksum that it must have; `nil` where any content will do.
  public let sha256: SHA256Digest?
  /// Its full path on the machine, with the file's name; the folder exists already.
  public let destination: String

  /// Describes a file to copy.
  public init(sourceURI: String, sha256: SHA256Digest?, destination: String) {
    self.sourceURI = sourceURI
    self.sha256 = sha256
    self.destination = destination
  }
}

extension Script: CustomStringConvertible {
  /// What kind of script it is; the query of an address, which may hold a signature, is left out.
  public var description: String {
    switch self {
    case .inline(let lines): "an inline script of \(lines.count) lines"
    case .uri(let address, _): withoutQuery(address)
    }
  }
}

extension FileTransfer: CustomStringConvertible {
  /// From where to where; the query of an address, which may hold a signature, is left out.
  public var description: String { "\(withoutQuery(sourceURI)) to \(destination)" }
}

/// An address without its query, which may hold a signature that grants access.
func withoutQuery(_ address: String) -> String {
  guard address.contains("://"), let query = address.firstIndex(of: "?") else { return address }
  return address[..<query] + "?…"
}
