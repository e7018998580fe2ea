public import Pipeline
public import SSH

/// What a Windows machine's SSH server runs commands by.
enum LoginShell: Equatable {
  case cmd
  case powerShell

  /// `echo` is a command of each, and of POSIX shells; each expands its own kind of variable alone.
  static let question = "echo %OS% $env:OS"
  /// How long the machine may take to answer that.
  private static let limit = Duration.seconds(60)
  /// More than what profiles print beside the answer.
  private static let answerLimit = 64 << 10

  /// Asks over a connection; `nil` where it is neither: a POSIX shell, as a rule.
  /// - Throws: `SSHError`, `DeadlineExceeded`, or `CancellationError`.
  static func ask(_ connection: SSHConnection) async throws -> LoginShell? {
    try await withDeadline(limit, for: "the login shell to answer") {
      let channel = try await connection.open(question)
      var said: [UInt8] = []
      while let output = try await channel.read() {
        guard case .standard(let bytes) = output else { continue }
        said += bytes.prefix(answerLimit - said.count)
      }
      await channel.close()
      return LoginShell(answer: String(decoding: said, as: UTF8.self))
    }
  }

  init?(answer: String) {
    if answer.contains("Windows_NT $env:OS") {
      self = .cmd
    } else if answer.contains("%OS%"), answer.contains("Windows_NT") {
      self = .powerShell
    } else {
      return nil
    }
  }

  /// The command that runs `line`, a PowerShell, with the input that this side sends.
  ///
  /// A PowerShell that runs a command takes all input for itself, and hands it on as `$input`.
  func running(_ line: String) -> String {
    switch self {
    case .cmd: line
    case .powerShell: "$input | \(line); exit $LASTEXITCODE"
    }
  }
}

extension SSHConnection {
  /// What kind of system is at the other end.
  ///
  /// OpenSSH says it in its greeting, which costs nothing; other servers' login shells are asked.
  /// - Throws: `SSHError`, or `CancellationError`.
  public func guestSystem() async throws -> GuestSystem {
    let software = await serverSoftware
    if software.contains("OpenSSH_for_Windows") { return .windows }
    if let version = software.firstRange(of: "OpenSSH_")?.upperBound,
      software[version...].first?.isNumber == true
    {
      return .posix
    }
    do {
      return try await LoginShell.ask(self) == nil ? .posix : .windows
    } catch is DeadlineExceeded {
      return .posix
    }
  }
}
