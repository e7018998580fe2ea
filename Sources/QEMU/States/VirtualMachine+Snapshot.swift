extension VirtualMachine {
  /// How long a machine's memory may take to be written, or read.
  static let memoryLimit = Duration.seconds(300)
  private static let look = Duration.milliseconds(10)

  /// What a machine does while a copy of its state is made.
  public enum Snapshot: Sendable, Equatable {
    /// The disks alone: to start from them is to start anew.
    case disks
    /// The disks, and the memory and devices, which this shell command takes on its standard input.
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
      if case .memory(let command) = kind { try await writeMemory(to: command) }
    } catch {
      try await cont()
      throw error
    }
    try await cont()
  }

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

  private struct Migration: Decodable, Sendable {
    let status: String?
    let errorDescription: String?

    private enum CodingKeys: String, CodingKey {
      case status
      case errorDescription = "error-desc"
    }
  }

  /// What QEMU sends no more than by itself is half of what a disk takes.
  private static let unlimited: JSON = .integer(1 << 40)

  private func writeMemory(to command: String) async throws {
    _ = try await qmp.execute(
      QMPCommand(
        "migrate-set-parameters", ["max-bandwidth": Self.unlimited], reply: QMPDone.self))
    _ = try await qmp.execute(
      QMPCommand("migrate", ["uri": .string("exec:\(command)")], reply: QMPDone.self))
    let end = ContinuousClock.now + Self.memoryLimit
    while ContinuousClock.now < end {
      let migration = try await qmp.execute(
        QMPCommand("query-migrate", reply: Migration.self))
      switch migration.status {
      case "completed": return
      case "failed", "cancelled":
        throw QEMUError(
          .file, "could not write the memory of `\(spec.name)`",
          migration.errorDescription ?? "its reader ended: see \(VMFile.messages.rawValue)")
      default: try await ContinuousClock().sleep(for: Self.look)
      }
    }
    _ = try await qmp.execute(QMPCommand("migrate_cancel", reply: QMPDone.self))
    throw QEMUError(
      .noAnswer, "could not write the memory of `\(spec.name)`",
      "it took more than \(Self.memoryLimit)")
  }

  /// Waits until a machine has read the memory that it is to go on with.
  static func awaitMemory(_ qmp: QMPClient) async throws {
    let end = ContinuousClock.now + memoryLimit
    while try await qmp.execute(.status).status == "inmigrate" {
      guard ContinuousClock.now < end else {
        throw QEMUError(
          .noAnswer, "could not read the machine's memory", "it took more than \(memoryLimit)")
      }
      try await ContinuousClock().sleep(for: look)
    }
  }
}
