internal import FoundationEssentials
import Pipeline
import SSH
import WinRM

/// A line over SSH: one connection, on which each PowerShell is a channel.
///
/// What a server says of exit codes is not believed: some cut them to eight bits, others tell only
/// whether it was 0. What counts is written to standard output.
struct SSHLine: WindowsLine {
  private let connection: SSHConnection
  private let shell: LoginShell

  /// Makes a connection by `dial` and asks what its commands are run by.
  static func open(
    over dial: @Sendable () async throws -> SSHConnection, to name: String
  ) async throws -> SSHLine {
    try await telling {
      let connection = try await dial()
      do {
        if let shell = try await LoginShell.ask(connection) {
          return SSHLine(connection: connection, shell: shell)
        }
      } catch {
        await connection.close()
        throw error
      }
      await connection.close()
      throw LineError(
        .unfit, "could not work on \(name): its login shell is neither cmd nor PowerShell",
        hint: "Windows customizers need OpenSSH for Windows with one of them as its `DefaultShell`")
    }
  }

  func run(
    _ script: String, _ input: [UInt8],
    _ take: (OutputStream, [UInt8]) async throws -> Void
  ) async throws -> String {
    try await Self.telling {
      let channel = try await start(script)
      try await Self.send(input, to: channel)
      return try await Self.follow(channel, take)
    }
  }

  /// What is printed before an exit code, and by nobody else.
  private static let marks = 1 << 60...UInt64.max

  func command(
    _ line: String, _ take: (OutputStream, [UInt8]) async throws -> Void
  ) async throws -> UInt32? {
    let mark = String(UInt64.random(in: Self.marks), radix: 16)
    // Nothing runs before its line has been sent.
    let channel = try await Self.telling { try await start(Self.relay(mark)) }
    var code = MarkedCode(mark)
    try await Self.telling(.uncertain) {
      let line = Data(line.utf8).base64EncodedString()
      try await Self.send(Array("\(line)\r\nrun\r\n".utf8), to: channel)
      _ = try await Self.follow(channel) { stream, bytes in
        guard stream == .stdout else { return try await take(stream, bytes) }
        let text = code.add(bytes)
        if !text.isEmpty { try await take(stream, text) }
      }
      let rest = code.finish()
      if !rest.isEmpty { try await take(.stdout, rest) }
    }
    // A PowerShell that ended before its end may have been ended by what it ran.
    guard let value = code.value else {
      throw LineError(.uncertain, "PowerShell ended, and did not tell the command's exit code")
    }
    return value
  }

  /// Runs the command line in the first line of the input by cmd, where the second line shows that it
  /// is whole, and prints its exit code after `mark`.
  ///
  /// Where there is a console, cmd writes UTF-8 to it, as in a shell of WinRM's.
  static func relay(_ mark: String) -> String {
    """
    $ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue';$lines=@($input)
    if($lines.Count -ne 2 -or $lines[1].Trim() -ne 'run'){exit 1}
    try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false}catch{}
    $line=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($lines[0]))
    $start=New-Object Diagnostics.ProcessStartInfo
    $start.FileName=$env:ComSpec
    $start.Arguments='/d /s /c "'+$line+'"'
    $start.UseShellExecute=$false
    $process=[Diagnostics.Process]::Start($start)
    $process.WaitForExit()
    [Console]::Out.Write('\(mark) '+$process.ExitCode)
    """
  }

  private static let placedWord = "kiln-has-placed-it"

  func place(_ file: FileToPlace, report: @Sendable (_ sent: Int) -> Void) async throws {
    try await Self.telling {
      let channel = try await start(file.script(thenSaying: Self.placedWord))
      try await Self.send(file, to: channel, report)
      var (said, lines) = ([UInt8](), AgentLines())
      let end = try await Self.follow(channel) { stream, bytes in
        if stream == .stdout { said += bytes } else { _ = lines.add(bytes, stream) }
      }
      guard !String(decoding: said, as: UTF8.self).contains(Self.placedWord) else { return }
      let why = lines.problem.isEmpty ? "PowerShell ended with \(end)" : lines.problem
      throw LineError(.notPlaced, why)
    }
  }

  func close() async { await connection.close() }

  /// Starts a script in a PowerShell of its own.
  private func start(_ script: String) async throws -> SSHChannel {
    try await connection.open(shell.running(try CommandLine.powerShell(script).command))
  }

  /// Where it reads no more, its end tells why.
  private static func send(_ input: [UInt8], to channel: SSHChannel) async throws {
    do {
      try await channel.write(input)
      try await channel.finishInput()
    } catch let error as SSHError where error.kind == .channelClosed {}
  }

  private static func send(
    _ file: FileToPlace, to channel: SSHChannel, _ report: @Sendable (Int) -> Void
  ) async throws {
    var offset = 0
    do {
      while offset < file.size {
        try await channel.write(try await file.line(at: &offset))
        report(offset)
      }
      try await channel.finishInput()
    } catch let error as SSHError where error.kind == .channelClosed {}
  }

  /// Hands over what a channel says until its end; how it ended.
  private static func follow(
    _ channel: SSHChannel, _ take: (OutputStream, [UInt8]) async throws -> Void
  ) async throws -> String {
    while let output = try await channel.read() {
      switch output {
      case .standard(let bytes): try await take(.stdout, bytes)
      case .error(let bytes): try await take(.stderr, bytes)
      }
    }
    let end = try await channel.exit()
    await channel.close()
    return "\(end)"
  }

  /// Makes line errors of others'.
  private static func telling<Value>(
    _ kind: LineError.Kind? = nil, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await WinRMLine.telling(kind, body)
    } catch let error as SSHError {
      throw LineError(kind ?? (error.isFinal ? .final : .lost), "\(error)", hint: error.hint)
    } catch let error as DeadlineExceeded {
      throw LineError(kind ?? .lost, "\(error)")
    }
  }
}

/// Finds the exit code that stands behind a mark at the end of an output, and holds both back.
struct MarkedCode {
  /// The longest code, `-2147483648`, with the space before it and a line end.
  private static let longest = 1 + 11 + 2

  private let mark: [UInt8]
  private var held: [UInt8] = []
  /// The code, once all of the output was taken.
  private(set) var value: UInt32?

  init(_ mark: String) { self.mark = Array(mark.utf8) }

  /// Takes the next bytes; returns those that can't be of the mark.
  mutating func add(_ bytes: [UInt8]) -> [UInt8] {
    held += bytes
    let count = max(0, held.count - mark.count - Self.longest)
    defer { held.removeFirst(count) }
    return Array(held.prefix(count))
  }

  /// Takes the end; returns what stands before the mark.
  mutating func finish() -> [UInt8] {
    guard let start = held.firstRange(of: mark) else { return held }
    let text = String(decoding: held[start.upperBound...], as: UTF8.self)
    value = text.split(whereSeparator: \.isWhitespace).first.flatMap { Int32($0) }
      .map { UInt32(bitPattern: $0) }
    return Array(held[..<start.lowerBound])
  }
}
