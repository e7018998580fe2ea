import Pipeline
import WinRM

/// A line over WinRM: one shell, in which each PowerShell is a command.
struct WinRMLine: WindowsLine {
  private let shell: WinRMShell

  /// Makes a shell.
  static func open(on client: WinRMClient) async throws -> WinRMLine {
    try await telling { WinRMLine(shell: try await WinRMShell.make(on: client)) }
  }

  private init(shell: WinRMShell) { self.shell = shell }

  func run(
    _ script: String, _ input: [UInt8],
    _ take: (OutputStream, [UInt8]) async throws -> Void
  ) async throws -> String {
    try await Self.telling {
      let command = try await shell.start(try .powerShell(script))
      _ = try await command.send(input, .closed)
      let end = try await command.follow { try await take(OutputStream($0), $1) }
      try await command.signal(.terminate)
      return "\(end)"
    }
  }

  func command(
    _ line: String, _ take: (OutputStream, [UInt8]) async throws -> Void
  ) async throws -> UInt32? {
    let command: RunningCommand
    do {
      command = try await shell.start(CommandLine(line))
    } catch let error as WinRMError {
      throw LineError(error, error.mayHaveHappened ? .uncertain : nil)
    }
    return try await Self.telling(.uncertain) {
      let end = try await command.follow { try await take(OutputStream($0), $1) }
      try await command.signal(.terminate)
      return if case .exited(let code) = end { code } else { nil }
    }
  }

  func place(_ file: FileToPlace, report: @Sendable (_ sent: Int) -> Void) async throws {
    try await Self.telling { try await shell.place(file, report: report) }
  }

  func close() async throws { try await Self.telling { try await shell.remove() } }

  /// Makes line errors of the client's.
  static func telling<Value>(
    _ kind: LineError.Kind? = nil, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as WinRMError {
      throw LineError(error, kind)
    }
  }
}

extension LineError {
  /// What an error of the client's means for a line, where `kind` does not say it.
  init(_ error: WinRMError, _ kind: Kind? = nil) {
    let own: Kind =
      switch error.kind {
      case .certificateRejected: .final
      case .unfit: .unfit
      case .badRequest: .badRequest
      case .notPlaced: .notPlaced
      case .authenticationFailed: .refused
      default: .lost
      }
    self.init(
      kind ?? own, own == .notPlaced ? error.reason : error.description, hint: error.hint)
  }
}

extension OutputStream {
  init(_ stream: CommandStream) { self = stream == .stdout ? .stdout : .stderr }
}
