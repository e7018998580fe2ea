import TestSupport
import Testing

extension Snapshot {
  /// What differs from run to run in what `kiln` says to people.
  static let said = Snapshot([
    .paths, .ids, .times,
    Filter(#"\b\d{8}-\d{6}-[b-z2-9]{4}\b"#, with: "<run>"),
    Filter(#"kt-[0-9a-f]{8}"#, with: "<user>"), .ports,
    Filter(#"port \d{5}"#, with: "port <port>"),
    Filter(#"\[127\.0\.0\.1\]:<?\w+>?"#, with: "[127.0.0.1]:<port>"),
    Filter(#"SHA256:[A-Za-z0-9+/]{43}"#, with: "SHA256:<key>"),
    Filter(#"after [0-9.ms]+\b"#, with: "after <time>"),
    // The table of the steps, whose columns are as wide as what they hold.
    Filter(#"\b[0-9.]+m?s +(-|\d+) +(?=failed)"#, with: "<time>  $1  "),
    Filter(#"(?m)^(STEP .*?) +DURATION"#, with: "$1  DURATION"),
  ])
}

/// Records an issue where a command was not refused with this exit code and the words of the
/// snapshot `name`.
func expectRefusal(
  _ ran: KilnEnd, exit: Int32, _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
  file: String = #filePath
) throws {
  #expect(ran.exit == exit, "\(ran.stderr)", sourceLocation: sourceLocation)
  #expect(ran.stdout.isEmpty, sourceLocation: sourceLocation)
  try Snapshot.said.expect(
    ran.stderr, matches: name, file: file, sourceLocation: sourceLocation)
}
