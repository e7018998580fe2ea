import HTTP
import SystemPackage
import TestSupport
import WinRM

extension WinRMServer {
  /// A client for this server, or for another port that leads to it.
  func client(
    _ scheme: WinRMCredentials.Scheme = .negotiate(.ntlm), port: Int? = nil,
    password: String = WinRMServer.password, trust: HTTPClient.Trust? = nil,
    _ change: (inout WinRMOptions) -> Void = { _ in }
  ) -> WinRMClient {
    var options = WinRMOptions()
    change(&options)
    return WinRMClient(
      WinRMEndpoint(
        host: "localhost", port: UInt16(port ?? httpsPort),
        transport: .https(trust ?? .authorities(FilePath(certificateFile)))),
      as: WinRMCredentials(
        user: WinRMServer.user, password: WinRMPassword(password), scheme: scheme),
      options: options)
  }

  /// A client for the port without TLS.
  func plainClient(
    _ scheme: WinRMCredentials.Scheme = .negotiate(.ntlm), password: String = WinRMServer.password
  ) -> WinRMClient {
    WinRMClient(
      WinRMEndpoint(host: "localhost", port: UInt16(httpPort), transport: .http),
      as: WinRMCredentials(
        user: WinRMServer.user, password: WinRMPassword(password), scheme: scheme))
  }
}

/// What a command left behind.
struct Outcome: Equatable {
  var out = ""
  var errors = ""
  var end: RunningCommand.End = .unknown
}

extension WinRMClient {
  /// Runs a command in a shell of its own, and removes the shell.
  func run(_ line: CommandLine, input: [UInt8]? = nil) async throws -> Outcome {
    let shell = try await WinRMShell.make(on: self)
    let outcome = try await shell.run(line, input: input)
    try await shell.remove()
    return outcome
  }
}

extension WinRMShell {
  /// Runs a command and collects what it says.
  func run(_ line: CommandLine, input: [UInt8]? = nil) async throws -> Outcome {
    let command = try await start(line)
    if let input { _ = try await command.send(input, .closed) }
    let collected = Collected()
    let end = try await command.follow { stream, bytes in
      await collected.take(stream, bytes)
    }
    try await command.signal(.terminate)
    return await Outcome(out: collected.text(.stdout), errors: collected.text(.stderr), end: end)
  }
}

/// Collects a command's output.
actor Collected {
  private var bytes: [CommandStream: [UInt8]] = [:]

  func take(_ stream: CommandStream, _ part: [UInt8]) { bytes[stream, default: []] += part }

  func text(_ stream: CommandStream) -> String {
    String(decoding: bytes[stream] ?? [], as: UTF8.self)
  }
}

/// The error that `body` throws.
func failure<Value>(_ body: () async throws -> Value) async throws -> WinRMError {
  do {
    _ = try await body()
  } catch let error as WinRMError {
    return error
  }
  throw NoFailure()
}

/// The expected error was not thrown.
struct NoFailure: Error {}
