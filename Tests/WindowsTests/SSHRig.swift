import FoundationEssentials
import Guests
import Pipeline
import SSH
import TestSupport
import Testing

extension WindowsRig {
  /// A Windows guest behind a real `sshd`, with a proxy in between that can break the connection.
  static func overSSH<Value: Sendable>(
    _ shell: WinRMServer.LoginShell, _ rules: WinRMServer.Rule..., password: Pipeline.Secret? = nil,
    timeout: Duration = .seconds(30),
    _ body: @Sendable (WindowsRig, SSHServer) async throws -> Value
  ) async throws -> Value {
    var configuration = WinRMServer.Configuration()
    configuration.rules = rules
    return try await WinRMServer.with(configuration) { server in
      try await SSHServer.with(server.sshd(shell)) { sshd in
        try await FaultProxy.with(to: sshd.port) { proxy in
          var route = WindowsRoute(
            name: "test guest", run: "run-1", timeout: timeout, password: password,
            dial: try await dial(sshd, proxy.port))
          route.launchLimit = .seconds(2)
          return try await body(WindowsRig(server: server, proxy: proxy, route: route), sshd)
        }
      }
    }
  }

  /// Makes connections by a key that is made for it.
  static func dial(
    _ sshd: SSHServer, _ port: Int
  ) async throws -> @Sendable () async throws -> SSHConnection {
    var options = SSHOptions()
    options.identities = [try await sshd.clientKey().privateKeyFile]
    options.knownHostsFiles = [try sshd.knownHostsFile(port: port)]
    options.keepAliveInterval = .seconds(5)
    options.keepAliveDeadline = .seconds(5)
    let target = ResolvedTarget(user: sshd.user, host: "127.0.0.1", port: UInt16(port))
    return { [options] in try await SSHConnection.connect(to: target, options: options) }
  }
}
