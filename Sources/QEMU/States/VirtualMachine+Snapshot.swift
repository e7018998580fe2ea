extension VirtualMachine {
  /// What a machine does while a copy of its state is made.
  public enum Snapshot: Sendable, Equatable {
    /// The disks alone: to start from them is to start anew.
    case disks
    /// The disks, and the memory and devices, which are written to this file.
    case memory(to: String)
  }

  /// Halts the machine, has everything that it writes from now on go to `overlays`, one for each of
  /// its disks in order, and lets it go on.
  ///
  /// The overlays must be empty, as large as the disks, and lie on them by name already. They are
  /// taken all or none.
  /// `number` is another for each snapshot of this machine. `moved` is called when the machine writes
  /// to the overlays, whatever comes after.
  /// - Throws: ``QEMUError`` where that could not be done; the machine goes on all the same, unless
  ///   that is what could not be done.
  public func snapshot(
    _ kind: Snapshot, number: Int, overlays: [String], moved: () -> Void
  ) async throws {
    try await stop()
    do {
      try await put(overlays, number)
      moved()
      if case .memory(let path) = kind { try await Migration(by: qmp).write(to: path) }
    } catch {
      try await cont()
      throw error
    }
    try await cont()
  }

  /// Keeps back all packets between a guest and its network, until ``releaseNetwork()``.
  ///
  /// A machine that goes on from a kept state would learn from the first answer that its connections are
  /// gone.
  static func holdNetwork(_ qmp: QMPClient) async throws {
    // In microseconds: by itself it lets go after a minute.
    let interval: JSON = .integer(60_000_000)
    _ = try await qmp.execute(
      QMPCommand(
        "object-add",
        [
          "qom-type": "filter-buffer", "id": .string(networkHold), "netdev": "net0",
          "queue": "all", "interval": interval,
        ], reply: QMPDone.self))
  }

  /// Lets through what was kept back, and all that comes.
  func releaseNetwork() async throws {
    _ = try await qmp.execute(
      QMPCommand("object-del", ["id": .string(Self.networkHold)], reply: QMPDone.self))
  }

  private static let networkHold = "network-hold"

  private func put(_ overlays: [String], _ number: Int) async throws {
    var actions: [JSON] = []
    for (index, path) in overlays.enumerated() {
      let disk = "disk\(index)"
      let node = "\(disk)-\(number)"
      _ = try await qmp.execute(
        QMPCommand(
          "blockdev-add", CommandLine.overlay(node, path), reply: QMPDone.self))
      actions.append([
        "type": "blockdev-snapshot",
        "data": [
          "node": .string(number == 1 ? disk : "\(disk)-\(number - 1)"), "overlay": .string(node),
        ],
      ])
    }
    _ = try await qmp.execute(
      QMPCommand("transaction", ["actions": .array(actions)], reply: QMPDone.self))
  }
}
