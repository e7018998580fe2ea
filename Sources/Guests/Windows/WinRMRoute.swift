public import Pipeline
public import WinRM

/// How a Windows guest is reached over WinRM, again whenever that is needed.
public struct WinRMRoute: Sendable {
  /// What the user calls the guest: `me@host`.
  public var name: String
  /// The id of the run, from which the directory on the guest has its name.
  public var run: String
  /// How long a guest may stay out of reach before it counts as lost.
  public var timeout: Duration
  /// What speaks with the machine.
  public var client: WinRMClient
  /// The user's password, which a task needs that runs elevated as the user.
  public var password: Secret
  /// How long a job may take from its launch until it runs: a task that the scheduler keeps back
  /// does not begin by itself.
  public var launchLimit = Duration.seconds(30)

  /// Puts a route together.
  public init(
    name: String, run: String, timeout: Duration, client: WinRMClient, password: Secret
  ) {
    self.name = name
    self.run = run
    self.timeout = timeout
    self.client = client
    self.password = password
  }
}
