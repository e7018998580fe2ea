public import Pipeline
public import SSH
public import WinRM

/// How a Windows guest is reached, again whenever that is needed.
public struct WindowsRoute: Sendable {
  /// What the user calls the guest: `me@host`.
  public var name: String
  /// The id of the run, from which the directory on the guest has its name.
  public var run: String
  /// How long a guest may stay out of reach before it counts as lost.
  public var timeout: Duration
  /// The user's password, which a task needs that runs elevated as the user; `nil` where nobody has
  /// told it.
  public var password: Pipeline.Secret?
  /// How long a job may take from its launch until it runs: a task that the scheduler keeps back
  /// does not begin by itself.
  public var launchLimit = Duration.seconds(30)
  /// How long the guest may take to answer for the first time.
  public var patience = SSHRoute.Patience.none
  /// The command line that powers the machine off at the end of all.
  public var farewell = "shutdown /s /f /t 0"
  /// How long a machine that starts may refuse the login: no longer, so that a wrong password is told.
  var refusalLimit = Duration.seconds(120)
  /// Learns, once, what the machine can take.
  let settle: @Sendable () async throws -> Void
  /// Makes a line.
  private(set) var open: @Sendable () async throws -> any WindowsLine

  /// What happens to a line to the guest.
  public enum LineNews: Sendable {
    /// It is going to be made, for the first time or because another was lost.
    case wanted
    /// It was made.
    case made
  }

  /// Has whoever watches the machine told of each line.
  public mutating func watch(_ tell: @escaping @Sendable (LineNews) -> Void) {
    open = { [open] in
      tell(.wanted)
      let line = try await open()
      tell(.made)
      return line
    }
  }

  /// A guest that is reached over WinRM.
  public init(
    name: String, run: String, timeout: Duration, client: WinRMClient, password: Pipeline.Secret
  ) {
    self.name = name
    self.run = run
    self.timeout = timeout
    self.password = password
    settle = { try await WinRMLine.telling { try await client.settle() } }
    open = { try await WinRMLine.open(on: client) }
  }

  /// A guest that is reached over SSH; `dial` makes a connection.
  public init(
    name: String, run: String, timeout: Duration, password: Pipeline.Secret?,
    dial: @escaping @Sendable () async throws -> SSHConnection
  ) {
    self.name = name
    self.run = run
    self.timeout = timeout
    self.password = password
    settle = {}
    open = { try await SSHLine.open(over: dial, to: name) }
  }
}
