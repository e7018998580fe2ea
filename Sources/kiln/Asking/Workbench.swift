import Pipeline

/// What somebody who is asked can do before they answer.
struct Workbench: Sendable {
  /// How many lines of the log are shown.
  private static let shownLines = 60
  /// How much of the end of the log is read for them, in bytes.
  private static let shownBytes = 64 << 10

  /// What the user calls the machine.
  let machine: String
  /// How to get into it.
  let doorway: Doorway
  /// The run.
  let directory: RunDirectory
  /// Where the terminal's moving line is.
  let terminal: Terminal
  /// Takes the secrets out of a text.
  let redact: @Sendable (String) -> String
  /// Reads the template again and lays out its steps.
  let plan: @Sendable () async throws -> Plan

  /// Whether the machine can stay after the build; a host of the user's own stays anyway.
  var canKeep: Bool {
    if case .vm = doorway { true } else { false }
  }

  /// The answer that opens a shell on the machine; none where that has no terminal to offer.
  func shellChoices<Meaning>(_ text: String = "", _ meaning: Meaning) -> [Choice<Meaning>] {
    doorway.isThere ? [Choice("s", "open a shell on \(machine)\(text)", meaning)] : []
  }

  /// Tells something, a line each, whether or not anybody is there.
  func tell(_ lines: [String]) {
    terminal.close()
    for line in lines { StandardError.write(redact(LegibleText.legible(line))) }
  }

  /// Opens a shell; what keeps it from opening is told.
  /// - Throws: `CancellationError`.
  func openShell() async throws {
    do {
      tell(["a shell on \(machine); `exit` comes back here"])
      _ = try await ForegroundProgram.run(doorway.words())
    } catch let fault as CommandFault {
      tell(["error: \(fault)"] + (fault.hint.map { ["hint: \($0)"] } ?? []))
    }
  }

  /// Shows the end of the log.
  func showLog() {
    do {
      let bytes = try directory.tail(of: .log, atMost: Self.shownBytes)
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      tell(lines.suffix(Self.shownLines).map(String.init))
    } catch {
      tell(["error: \(error)"])
    }
    tell(["the whole log: \(directory.logPath)"])
  }

  /// The plan that the template now gives; `nil` where the build can't go on by it, which is told.
  /// - Throws: `CancellationError`.
  func replan(_ old: Plan, before step: Step) async throws -> Plan? {
    do {
      let newer = try await plan()
      try old.admit(newer)
      for number in old.changes(in: newer, before: step.outline.number) {
        tell([
          "warning: step \(number) has changed, too; it is taken as done as it was, and does not "
            + "run again"
        ])
      }
      return newer
    } catch let error as CancellationError {
      throw error
    } catch {
      tell(
        ["error: \(error)"] + ((error as? any Hinting)?.hint.map { ["hint: \($0)"] } ?? []))
      return nil
    }
  }
}
