import Glibc
import TestSupport

/// A real ssh-agent with a socket of its own.
struct RunningAgent: Sendable {
  let socket: String

  /// Starts an agent, and ends it when `body` returns or throws.
  static func with<Value>(_ body: (RunningAgent) async throws -> Value) async throws -> Value {
    try await ScratchDirectory.with { directory in
      let socket = "\(directory)/agent"
      let said = try await TestSupport.run("ssh-agent", ["-a", socket, "-s"]).succeeded().stdout
      let digits = said.split(separator: "SSH_AGENT_PID=").last?.prefix { $0.isNumber } ?? ""
      let process = pid_t(digits)
      defer { if let process { kill(process, SIGKILL) } }
      return try await body(RunningAgent(socket: socket))
    }
  }

  /// Gives the agent a key that needs no passphrase.
  func add(_ key: KeyPair) async throws {
    _ = try await TestSupport.run(
      "ssh-add", ["-q", key.privateKeyFile], environment: ["SSH_AUTH_SOCK": socket]
    ).succeeded()
  }
}
