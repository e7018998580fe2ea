/// How Windows is restarted.
public struct WindowsRestartOptions: Hashable, Sendable {
  /// The service's own command, used where the document has none (`aib.md` a.4).
  public static let defaultCommand = #"shutdown /r /f /t 0 /c "packer restart""#

  /// How long a restart may take where the document does not say.
  public static let defaultTimeout = GoDuration(.seconds(300))

  /// The command that restarts the machine.
  public let command: String

  /// The command that shows that the machine is back; empty for the service's own check.
  public let checkCommand: String

  /// How long to wait for the machine.
  public let timeout: GoDuration

  /// Describes a restart; the defaults are the service's.
  public init(
    command: String = defaultCommand, checkCommand: String = "",
    timeout: GoDuration = defaultTimeout
  ) {
    self.command = command
    self.checkCommand = checkCommand
    self.timeout = timeout
  }
}

/// Which updates of Windows are installed.
public struct WindowsUpdateOptions: Hashable, Sendable {
  /// Which updates are looked for where the document does not say (`aib.md` a.4).
  public static let defaultSearchCriteria = "BrowseOnly=0 and IsInstalled=0"

  /// How many updates are installed at a time where the document does not say.
  public static let defaultUpdateLimit = 1000

  /// What is asked of Windows Update.
  public let searchCriteria: String

  /// Which of the answers are taken: `include:` or `exclude:` and a PowerShell expression each,
  /// and the first that matches decides.
  public let filters: [String]

  /// How many updates are installed at a time, at least 1.
  public let updateLimit: Int

  /// Describes a search for updates; the defaults are the service's.
  public init(
    searchCriteria: String = defaultSearchCriteria, filters: [String] = [],
    updateLimit: Int = defaultUpdateLimit
  ) {
    self.searchCriteria = searchCriteria
    self.filters = filters
    self.updateLimit = updateLimit
  }
}
