internal import Synchronization

/// What happened to a machine so far that decides how it is judged.
final class VMHistory: Sendable {
  private struct State {
    var shutdown: (origin: VMEvent.Origin, reason: String)?
    var killed = false
    var hangUp: @Sendable () -> Void = {}
  }

  private let state = Mutex(State())
  /// The first thing that leaves the machine halted and of no use.
  let halted = Latch<VMFailure>()

  /// Takes note of an event.
  @Sendable func add(_ event: QMPEvent) {
    switch VMEvent(event) {
    case .shutdown(let origin, let reason): state.withLock { $0.shutdown = (origin, reason) }
    case .guestPanicked: halted.set(.guestPanicked)
    case .diskFailed(let failure): halted.set(.diskFailed(failure))
    case .agentPortClosed: state.withLock { $0.hangUp }()
    default: break
    }
  }

  /// Has `body` called whenever nobody in the guest listens at the port any more.
  func onHangUp(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.hangUp = body } }

  /// Takes note that the guest's kernel says on the console that it has crashed.
  @Sendable func addCrash() { halted.set(.guestPanicked) }

  /// Takes note that we are about to kill the process.
  func addKill() { state.withLock { $0.killed = true } }

  /// Why QEMU ended in this way.
  func exit(_ end: ProcessEnd, _ messages: LogTail) -> VMExit {
    let state = state.withLock { $0 }
    switch (end, state.shutdown) {
    case (.exited(0), let shutdown?) where shutdown.origin == .guest: return .poweredOff
    case (.unseen, let shutdown?) where shutdown.origin == .guest: return .poweredOff
    case (.exited(0), _): return .quit
    case (.signaled(9), _) where state.killed, (.unseen, _) where state.killed: return .killed
    default: return .died(end.words, lastWords: messages.lines(5))
    }
  }
}

/// How a machine ended.
public enum VMExit: Sendable, Hashable {
  /// The guest switched itself off.
  case poweredOff
  /// QEMU was told to quit, or got a signal that asks for it.
  case quit
  /// We killed it.
  case killed
  /// QEMU ended by itself or by somebody's signal: how (`was ended by signal 9`), and the last
  /// lines of its own messages.
  case died(String, lastWords: [String])
}

extension VMExit: CustomStringConvertible {
  /// What happened, as a sentence's end: `the guest switched itself off`.
  public var description: String {
    switch self {
    case .poweredOff: "the guest switched itself off"
    case .quit: "QEMU was told to quit"
    case .killed: "QEMU was killed by us"
    case .died(let how, let lastWords):
      "QEMU \(how)" + (lastWords.isEmpty ? "" : ": \(lastWords.joined(separator: "; "))")
    }
  }
}

/// Why a machine is of no use any more.
public enum VMFailure: Error, Sendable, Hashable {
  /// Its disk's file could not be read or written; it is halted.
  case diskFailed(DiskFailure)
  /// The guest's kernel crashed: it is halted, or about to restart.
  case guestPanicked
  /// It ended.
  case ended(VMExit)
}

extension VMFailure: CustomStringConvertible {
  /// What happened, with what to look at.
  public var description: String {
    switch self {
    case .diskFailed(let failure) where failure.hostIsFull:
      "the virtual machine was halted: the host's disk is full (\(failure.disk))"
    case .diskFailed(let failure):
      "the virtual machine was halted: could not \(failure.operation) its disk "
        + "\(failure.disk): \(failure.reason)"
    case .guestPanicked: "the kernel of the virtual machine crashed"
    case .ended(let exit): "the virtual machine ended: \(exit)"
    }
  }
}
