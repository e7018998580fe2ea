internal import FoundationEssentials
internal import Subprocess
internal import SystemPackage
public import Testing

/// A WinRM server on loopback ports (`Tests/WinRMServer`), with a guest that answers by rule.
///
/// Its logins by NTLM and SPNEGO are pyspnego's, and other people's clients pass against it: it
/// shares no code with what is tested.
public struct WinRMServer: Sendable {
  /// The port that speaks TLS.
  public let httpsPort: Int
  /// The port that doesn't.
  public let httpPort: Int
  /// The SHA-1 of its certificate, as Windows shows thumbprints.
  public let thumbprint: String
  /// The SHA-256 of its certificate.
  public let thumbprint256: String
  /// The file with its certificate, which is made for `localhost` and 127.0.0.1.
  public let certificateFile: String
  /// Where the guest's files are: `C:\A b\C` is `c/a b/c` there.
  public let guestDirectory: String

  private let control: Int
  private let door: Int

  /// The only user.
  public static let user = "kiln"
  /// The user's password.
  public static let password = "pass word"

  /// How a server is to be.
  public struct Configuration: Sendable, Encodable {
    /// The logins that it offers: `negotiate`, `basic`.
    public var auth = ["negotiate", "basic"]
    /// What it wants of channel bindings: `none`, `relaxed` or `strict`.
    public var bindings = "relaxed"
    /// Its `MaxEnvelopeSizekb`.
    public var envelope_kb = 500
    /// The longest that it lets a Receive wait, in seconds.
    public var timeout = 60.0
    /// What the guest says to commands, before what it knows by itself.
    public var rules: [Rule] = []
    /// What a restart looks like from outside, in order.
    public var window: [Window] = []

    /// What is seen of a machine for so many seconds after its restart began.
    public struct Window: Sendable, Encodable {
      let what: String
      let seconds: Double

      /// `drop`, `silence`, `401`, `500`, `503`, `refuse`, `stall` (no TLS handshake) or `up`.
      public init(_ what: String, _ seconds: Double) { (self.what, self.seconds) = (what, seconds) }

      /// As the server takes it: a list of both.
      public func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(what)
        try list.encode(seconds)
      }
    }

    /// A server as Windows is, but with Basic.
    public init() {}
  }

  /// What the guest does for commands whose text, or whose encoded script, matches.
  public struct Rule: Sendable, Encodable {
    /// A regular expression of Python's.
    public var match: String
    /// What it writes, in order.
    public var says: [Saying]
    /// Its exit code.
    public var exit: Int
    /// Exit codes for one run after the other; the last stays.
    public var exits: [Int]?
    /// For a task that does not begin: its state and its last result.
    public var task: [Int]?
    /// Seconds after which the machine restarts because of it.
    public var restarts: Double?

    /// A part of an output, or a pause of so many seconds.
    public struct Saying: Sendable, Encodable {
      var text: String?
      var stream: String?
      var pause: Double?

      /// Text on standard output.
      public static func out(_ text: String) -> Saying { Saying(text: text, stream: "stdout") }
      /// Text on standard error.
      public static func error(_ text: String) -> Saying { Saying(text: text, stream: "stderr") }
      /// Seconds of silence.
      public static func pause(_ seconds: Double) -> Saying { Saying(pause: seconds) }
    }

    /// A rule for a task that the scheduler keeps in a state, with a last result.
    public static func task(_ match: String, state: Int, result: Int) -> Rule {
      var rule = Rule(match)
      rule.task = [state, result]
      return rule
    }

    /// A rule for what ends with one code after the other.
    public static func exits(_ match: String, _ codes: Int...) -> Rule {
      var rule = Rule(match)
      rule.exits = codes
      return rule
    }

    /// A rule for what restarts the machine.
    public static func restart(_ match: String, after seconds: Double = 0.1) -> Rule {
      var rule = Rule(match)
      rule.restarts = seconds
      return rule
    }

    /// A rule.
    public init(_ match: String, _ says: Saying..., exit: Int = 0) {
      (self.match, self.says, self.exit) = (match, says, exit)
    }
  }

  /// What the server does in place of what it should.
  public enum Fault: String, Sendable {
    /// Breaks the connection.
    case drop
    /// Says nothing more, and leaves the connection open.
    case silence
    /// Forgets who is logged in.
    case logout
    /// Answers 500 with a page.
    case error500 = "500"
    /// Answers 503 with a page, as Windows while WinRM is down.
    case unavailable = "503"
    /// Answers with a document that declares an entity.
    case nonsense
  }

  /// When a fault comes.
  public enum Moment: String, Sendable {
    /// Before the request is carried out.
    case before
    /// After it was, before the answer.
    case after
  }

  /// A request that the server took: `Create`, `Receive`, …; `login` for those of a login.
  public struct Logged: Sendable, Decodable, Equatable {
    /// What was asked.
    public let action: String
    /// The status that was answered.
    public let status: Int
    /// The bytes of the envelope.
    public let length: Int
  }

  /// Starts a server, hands it to `body` when it listens, and ends it when that returns or throws.
  public static func with<Value: Sendable>(
    _ configuration: Configuration = Configuration(),
    _ body: @Sendable (WinRMServer) async throws -> Value
  ) async throws -> Value {
    try await ScratchDirectory.with { directory in
      let options = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
      // The server ends when this process does, however it does.
      let lifeline = try FileDescriptor.pipe()
      defer { try? lifeline.writeEnd.close() }
      let result = try await Subprocess.run(
        .path(FilePath(otherPeoplesPython)),
        arguments: [packageRoot + "/Tests/WinRMServer/server.py", directory, options],
        environment: .inherit.updating(["PYTHONDONTWRITEBYTECODE": "1"]),
        input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: true),
        output: .discarded,
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
      ) { execution in
        let outcome = await outcome(of: {
          try await body(try await WinRMServer(readyIn: directory))
        })
        try execution.send(signal: .kill)
        return outcome
      }
      return try result.closureResult.get()
    }
  }

  private init(readyIn directory: String) async throws {
    struct Ready: Decodable {
      let http: Int
      let https: Int
      let control: Int
      let door: Int
      let sha1: String
      let sha256: String
    }
    let file = URL(filePath: "\(directory)/ready")
    try await waitUntil("the WinRM server to listen", limit: .seconds(60)) {
      FileManager.default.fileExists(atPath: file.path())
    }
    let ready = try JSONDecoder().decode(Ready.self, from: Data(contentsOf: file))
    (httpsPort, httpPort, control, door) = (ready.https, ready.http, ready.control, ready.door)
    (thumbprint, thumbprint256) = (ready.sha1, ready.sha256)
    (certificateFile, guestDirectory) = ("\(directory)/cert.pem", "\(directory)/guest")
  }

  /// What a Windows machine's SSH server runs commands by.
  public enum LoginShell: String, Sendable, CaseIterable { case cmd, powershell }

  /// An `sshd` whose commands all go to the guest, as if a login shell of Windows ran them there; it
  /// greets as Windows' server does.
  public func sshd(_ shell: LoginShell) -> SSHServer.Configuration {
    let program = "\(packageRoot)/Tests/WinRMServer/shell.py"
    return SSHServer.Configuration(lines: [
      "ForceCommand exec \(otherPeoplesPython) -I \(program) \(door) \(shell.rawValue)",
      "VersionAddendum OpenSSH_for_Windows_9.5",
    ])
  }

  /// All requests that were answered, in order.
  public func log() throws -> [Logged] { try ask("/log") }

  /// How often each kind of request was answered, logins left out.
  public func counts() throws -> [String: Int] {
    try log().filter { $0.action != "login" }.reduce(into: [:]) { $0[$1.action, default: 0] += 1 }
  }

  /// Forgets what was logged.
  public func forget() throws { try tell("/forget") }

  /// The commands that the guest was given, in order.
  public func started() throws -> [String] { try ask("/started") }

  /// Why logins were refused: what a client is never told.
  public func refusals() throws -> [String] { try ask("/refusals") }

  /// What the guest's jobs are: how many there are and run, and the scripts that were run, in order.
  public struct Jobs: Sendable, Decodable {
    /// How many it knows.
    public let jobs: Int
    /// How many run.
    public let running: Int
    /// The scripts that were run.
    public let ran: [String]
  }

  /// What the guest's jobs are.
  public func jobs() throws -> Jobs { try ask("/jobs") }

  /// How many shells there are.
  public func shells() throws -> Int {
    struct Facts: Decodable { let shells: Int }
    let facts: Facts = try ask("/facts")
    return facts.shells
  }

  /// Has a fault come once, at a request of the kind `action`, after `skip` of them went well.
  public func fail(
    at action: String, _ fault: Fault, _ moment: Moment = .before, afterGood skip: Int = 0,
    times: Int = 1
  ) throws {
    try tell(
      "/fault",
      "{\"at\":\"\(action)\",\"do\":\"\(fault.rawValue)\",\"when\":\"\(moment.rawValue)\","
        + "\"skip\":\(skip),\"times\":\(times)}")
  }

  /// Ends all shells and connections, as a restart of the machine does.
  public func restart() throws { try tell("/restart") }

  /// Ends all connections.
  public func dropConnections() throws { try tell("/drop") }

  private func ask<Value: Decodable>(_ path: String) throws -> Value {
    let body = try converse(port: control, "GET \(path)")
    return try JSONDecoder().decode(Value.self, from: Data(body.utf8))
  }

  private func tell(_ path: String, _ body: String = "") throws {
    _ = try converse(port: control, "POST \(path)", body)
  }
}

/// The Python that `scripts/setup` has made, with other people's clients of WinRM.
public let otherPeoplesPython = packageRoot + "/.build/python/bin/python"

extension Trait where Self == ConditionTrait {
  /// Skips a test that needs ``WinRMServer``, and says so, where its Python is not there.
  public static var requiresWinRMServer: Self { requires(otherPeoplesPython) }
}
