internal import Glibc
internal import Pipeline

/// QEMU's migration, by which it writes a machine's memory and devices, and reads them.
struct Migration {
  /// How long either may take.
  private static let limit = Duration.seconds(300)
  private static let look = Duration.milliseconds(2)
  /// What QEMU sends no more than by itself is half of what a disk takes.
  private static let unlimited: JSON = .integer(1 << 40)

  /// What QEMU calls the file that it is handed.
  private static let file = "memory"

  private let qmp: QMPClient
  /// All that happened since this was made, so that the end can't be missed.
  private let events: AsyncStream<QMPEvent>

  /// Has QEMU tell what becomes of migrations from now on.
  init(by qmp: QMPClient) async throws {
    let telling: JSON = ["capability": "events", "state": true]
    _ = try await qmp.execute(
      QMPCommand(
        "migrate-set-capabilities", ["capabilities": .array([telling])], reply: QMPDone.self))
    self.qmp = qmp
    events = qmp.events()
  }

  /// Writes the memory of a halted machine to a new file.
  func write(to path: String) async throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw QEMUError.file("write `\(path)`", errno) }
    defer { close(file) }
    _ = try await qmp.execute(
      QMPCommand(
        "migrate-set-parameters", ["max-bandwidth": Self.unlimited], reply: QMPDone.self))
    // QEMU writes to it itself: through a pipe it takes half as long again.
    _ = try await qmp.execute(
      QMPCommand("getfd", ["fdname": .string(Self.file)], reply: QMPDone.self), handing: file)
    _ = try await qmp.execute(
      QMPCommand("migrate", ["uri": .string("fd:\(Self.file)")], reply: QMPDone.self))
    do {
      try await end("write")
      try await awaitRest()
    } catch let error as QEMUError where error.kind == .noAnswer {
      _ = try await qmp.execute(QMPCommand("migrate_cancel", reply: QMPDone.self))
      throw error
    }
  }

  /// Reads the memory that a machine that was just started waits for, from a socket.
  func read(from socket: Int32) async throws {
    _ = try await qmp.execute(
      QMPCommand("getfd", ["fdname": .string(Self.file)], reply: QMPDone.self), handing: socket)
    _ = try await qmp.execute(
      QMPCommand("migrate-incoming", ["uri": .string("fd:\(Self.file)")], reply: QMPDone.self))
    try await end("read")
  }

  /// Waits until the machine may go on: QEMU says that all is written a moment before it takes the
  /// command to, and tells nobody when.
  private func awaitRest() async throws {
    try await withDeadline(Self.limit, for: "QEMU to end the migration") {
      while try await qmp.execute(.status).status == "finish-migrate" {
        try await ContinuousClock().sleep(for: Self.look)
      }
    }
  }

  private func end(_ verb: String) async throws {
    let operation = "could not \(verb) the machine's memory"
    do {
      try await withDeadline(Self.limit, for: "QEMU to \(verb) memory") {
        for await event in events where event.name == "MIGRATION" {
          switch event.data["status"]?.text {
          case "completed": return
          case "failed", "cancelled":
            throw QEMUError(.file, operation, await reason())
          default: continue
          }
        }
        try Task.checkCancellation()
        throw QEMUError(.ended, operation, "QEMU is gone")
      }
    } catch is DeadlineExceeded {
      throw QEMUError(.noAnswer, operation, "it took more than \(Self.limit)")
    }
  }
  /// Why it failed.
  ///
  /// A QEMU that can't read memory ends, and has written why to its messages.
  private func reason() async -> String {
    let said = try? await qmp.execute(QMPCommand("query-migrate", reply: Outcome.self)).reason
    return said ?? "see \(VMFile.messages.rawValue)"
  }

  private struct Outcome: Decodable, Sendable {
    enum CodingKeys: String, CodingKey { case reason = "error-desc" }
    let reason: String?
  }
}
