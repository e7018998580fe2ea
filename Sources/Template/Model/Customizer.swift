/// One step of what is done to the image.
public struct Customizer: Hashable, Sendable {
  /// What a step does.
  public enum Action: Hashable, Sendable {
    /// Runs a script on Linux.
    case shell(Script)
    /// Runs a script on Windows.
    case powerShell(Script, PowerShellOptions)
    /// Copies one file to the machine.
    case file(FileTransfer)
    /// Restarts Windows and waits for it.
    case windowsRestart(WindowsRestartOptions)
    /// Installs updates of Windows.
    case windowsUpdate(WindowsUpdateOptions)
  }

  /// What the document calls the step, empty when it has no name; names may repeat.
  public let name: String

  /// The step's place in the document's array, from 0.
  public let index: Int

  /// Where the step starts in the document.
  public let position: SourcePosition

  /// Where the document gives the step's script or file; ``position`` where it has neither.
  public let contentPosition: SourcePosition

  /// What the step does.
  public let action: Action

  /// Describes one step.
  public init(
    name: String, index: Int, position: SourcePosition, contentPosition: SourcePosition,
    action: Action
  ) {
    self.name = name
    self.index = index
    self.position = position
    self.contentPosition = contentPosition
    self.action = action
  }
}

extension Customizer.Action {
  /// The document's word for the kind of step, as in `WindowsRestart`.
  public var type: String {
    switch self {
    case .shell: "Shell"
    case .powerShell: "PowerShell"
    case .file: "File"
    case .windowsRestart: "WindowsRestart"
    case .windowsUpdate: "WindowsUpdate"
    }
  }
}
