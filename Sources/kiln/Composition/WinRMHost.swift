import Foundation
import Guests
import HTTP
import Pipeline
import QEMU
import SSH
import SystemPackage
import WinRM

/// The Windows machine of `--on winrm://…`: where it is, and how it is logged in to.
struct WinRMHost: WindowsTarget {
  /// How its addresses begin.
  static let scheme = "winrm://"
  /// A machine that restarts answers nothing for a while: a try to connect must not outlast that.
  private static let connectLimit = Duration.seconds(10)

  /// The target as the user wrote it.
  let name: String
  /// What `kiln gc` needs to log in again.
  let login: GuestLogin
  /// How long it may stay out of reach.
  let timeout: Duration
  private let user: String
  private let endpoint: WinRMEndpoint
  private let loginScheme: WinRMCredentials.Scheme
  private let questions: Questions

  /// The machine that `url` names, reached as `arguments` say, or else as an earlier run did.
  init(
    _ url: String, _ arguments: WinRMArguments, like earlier: GuestLogin = GuestLogin(),
    timeout: Duration, _ questions: Questions
  ) throws {
    name = url
    self.timeout = timeout
    self.questions = questions
    let (user, host, port) = try Self.parts(of: url)
    self.user = user ?? "Administrator"
    let basic = arguments.basic || earlier.winRM["basic"] != nil
    loginScheme = basic ? .basic : .negotiate(.ntlm)
    let thumbprint = arguments.thumbprint ?? earlier.winRM["thumbprint"]
    let authorities = arguments.authorities.map(Self.absolute) ?? earlier.winRM["authorities"]
    var noted: [String: String] = [:]
    noted["thumbprint"] = thumbprint
    noted["authorities"] = authorities
    noted["basic"] = basic ? "yes" : nil
    login = GuestLogin(winRM: noted)
    let trust = try Self.trust(thumbprint, authorities)
    endpoint = WinRMEndpoint(
      host: host, port: port, transport: port == 5985 ? .http : .https(trust))
  }

  /// The Windows in a VM on this machine, where `port` of 127.0.0.1 leads to WinRM.
  private init(
    _ user: String, at port: UInt16, _ arguments: BakingArguments, _ questions: Questions
  ) throws {
    name = LocalSite.name
    self.user = user
    self.questions = questions
    timeout = try arguments.ssh.timeout()
    login = GuestLogin()
    loginScheme = arguments.winRM.basic ? .basic : .negotiate(.ntlm)
    let trust = try Self.trust(arguments.winRM.thumbprint, arguments.winRM.authorities)
    endpoint = WinRMEndpoint(
      host: "127.0.0.1", port: port,
      transport: arguments.local.windowsPort == 5985 ? .http : .https(trust))
  }

  /// How a Windows is reached that runs in a VM on this machine.
  static func access(
    to user: String, _ arguments: BakingArguments, _ questions: Questions
  ) -> WindowsAccess {
    WindowsAccess(
      devices: arguments.local.windowsDevices, servicePort: arguments.local.windowsPort
    ) { port, run in
      try await WinRMHost(user, at: UInt16(port), arguments, questions).route(for: run)
    }
  }

  /// The host's name or address.
  var hostName: String { endpoint.host }
  /// The user who logs in.
  var userName: String { user }

  /// What the user calls the machine.
  var machine: String { "\(user)@\(endpoint.host)" }

  /// The way to the machine for a run; it asks for the password where nobody has told it.
  func route(
    for run: String, record: (@Sendable (RecordedExchange) -> Void)? = nil
  ) async throws -> WindowsRoute {
    guard let secret = try await questions.answer(.password(user: user, host: endpoint.host)) else {
      throw CommandFault(
        "could not log in to \(machine): there is nobody to ask for the password",
        hint: "give it by --password-fd, as in `--password-fd 3 3<file`", exit: .unreachable)
    }
    let password = secret.withBytes { String(decoding: $0, as: UTF8.self) }
    var options = WinRMOptions()
    options.connectTimeout = Self.connectLimit
    let client = WinRMClient(
      endpoint,
      as: WinRMCredentials(user: user, password: WinRMPassword(password), scheme: loginScheme),
      options: options, record: record)
    return WindowsRoute(
      name: machine, run: run, timeout: timeout, client: client,
      password: Pipeline.Secret(password))
  }

  private static func trust(
    _ thumbprint: String?, _ authorities: String?
  ) throws -> HTTPClient.Trust {
    if let thumbprint {
      guard let pin = CertificatePin(thumbprint) else {
        throw CommandFault(
          "could not use `--winrm-thumbprint \(thumbprint)`: it is no thumbprint",
          hint: "it has 40 hexadecimal digits (SHA-1) or 64 (SHA-256)", exit: .usage)
      }
      return .pinned(pin)
    }
    return authorities.map { .authorities(FilePath($0)) } ?? .system
  }

  /// User, host and port of `winrm://[user@]host[:port]`; a user may be `DOMAIN\user`.
  private static func parts(of url: String) throws -> (String?, String, UInt16?) {
    func refused(_ why: String) -> CommandFault {
      CommandFault(
        "could not use `--on \(url)`: \(why)", hint: "write it as winrm://user@host:5986",
        exit: .usage)
    }
    var rest = url.dropFirst(scheme.count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    var user: String?
    if let at = rest.lastIndex(of: "@") {
      user = String(rest[..<at])
      rest = rest[rest.index(after: at)...]
      guard user?.contains(":") == false else {
        throw CommandFault(
          "could not use `--on winrm://…@\(rest)`: a password has no place in it",
          hint: "it is asked for, or given by --password-fd", exit: .usage)
      }
      guard user?.isEmpty == false else { throw refused("it has no user before the `@`") }
    }
    var port: UInt16?
    let end = rest.lastIndex(of: "]") ?? rest.startIndex
    if let colon = rest[end...].lastIndex(of: ":"), rest.first != "[" || colon > end {
      guard let number = UInt16(rest[rest.index(after: colon)...]), number > 0 else {
        throw refused("`\(rest[rest.index(after: colon)...])` is no port")
      }
      port = number
      rest = rest[..<colon]
    }
    let host = rest.filter { $0 != "[" && $0 != "]" }
    guard !host.isEmpty, !host.contains(where: { "/?# ".contains($0) }) else {
      throw refused("it has no host")
    }
    return (user, String(host), port)
  }

  private static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
  }
}
