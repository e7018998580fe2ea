/// Something that happened to a machine.
public enum VMEvent: Sendable, Hashable {
  /// Who asked for something.
  public enum Origin: Sendable, Hashable {
    /// The guest itself.
    case guest
    /// The host: a command, or a signal.
    case host
  }

  /// The machine is switched off, and QEMU ends. `reason` is QEMU's word: `guest-shutdown`,
  /// `host-qmp-quit`, `host-signal`, …
  case shutdown(Origin, reason: String)
  /// The machine restarts.
  case reset(Origin, reason: String)
  /// The power button was pressed; what the guest does then is its own affair.
  case powerButton
  /// The guest's processors were halted.
  case stopped
  /// The guest's processors go on.
  case resumed
  /// The guest's kernel has crashed and said so; the machine is halted.
  case guestPanicked
  /// A disk's file could not be read or written; the machine is halted.
  case diskFailed(DiskFailure)
  /// The guest's end of the agent's port is not open any more.
  case agentPortClosed
  /// Anything else that QEMU tells.
  case other(QMPEvent)

  init(_ event: QMPEvent) {
    let origin = event.data["guest"]?.bool == true ? Origin.guest : .host
    let reason = event.data["reason"]?.text ?? "unknown"
    self =
      switch event.name {
      case "SHUTDOWN": .shutdown(origin, reason: reason)
      case "RESET": .reset(origin, reason: reason)
      case "POWERDOWN": .powerButton
      case "STOP": .stopped
      case "RESUME": .resumed
      case "GUEST_PANICKED": .guestPanicked
      case "BLOCK_IO_ERROR": .diskFailed(DiskFailure(event.data))
      case "VSERPORT_CHANGE"
      where event.data["id"]?.text == CommandLine.agentPortName
        && event.data["open"]?.bool == false:
        .agentPortClosed
      default: .other(event)
      }
  }
}

/// Why a machine's disk could not be read or written.
public struct DiskFailure: Sendable, Hashable {
  /// The disk's name in QEMU: `disk0` is the one that the machine starts from.
  public let disk: String
  /// What was tried: `read` or `write`.
  public let operation: String
  /// The system's reason, in its words.
  public let reason: String
  /// Whether the host's file system is full.
  public let hostIsFull: Bool

  init(_ data: JSON) {
    disk =
      [data["node-name"]?.text, data["device"]?.text].compactMap(\.self).first { !$0.isEmpty }
      ?? "unknown"
    operation = data["operation"]?.text ?? "access"
    reason = data["reason"]?.text ?? "unknown"
    hostIsFull = data["nospace"]?.bool ?? false
  }
}
