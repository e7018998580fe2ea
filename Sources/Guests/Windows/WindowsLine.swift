import Pipeline
import WinRM

/// A line to a Windows machine, on which PowerShell is started: a shell of WinRM's, or a connection
/// of SSH's.
///
/// What goes wrong on it is a ``LineError``.
protocol WindowsLine: Sendable {
  /// Runs a script in a PowerShell of its own with `input` as its standard input, and hands over what
  /// it writes as it appears.
  /// - Returns: how PowerShell ended, in words: not every line tells more.
  func run(
    _ script: String, _ input: [UInt8],
    _ take: (OutputStream, [UInt8]) async throws -> Void
  ) async throws -> String

  /// Runs a command line by `cmd`, at most once, and hands over what it writes as it appears.
  /// - Returns: its exit code; `nil` where the machine does not tell it.
  func command(
    _ line: String, _ take: (OutputStream, [UInt8]) async throws -> Void
  ) async throws -> UInt32?

  /// Puts a file on the machine, whole or not at all, with its checksum compared there.
  func place(_ file: FileToPlace, report: @Sendable (_ sent: Int) -> Void) async throws

  /// Ends the line with all that runs on it; jobs live on.
  ///
  /// A machine that can't be told any more ends it by itself.
  func close() async throws
}

/// What went wrong on a line to a Windows machine.
struct LineError: Error, CustomStringConvertible {
  enum Kind {
    /// The line is lost, or was not made; another may come about.
    case lost
    /// The machine took none of what was offered to log in, which one that starts may come to do.
    case refused
    /// The line was lost when a command had left, which may have been carried out.
    case uncertain
    /// Trying again can't help, or must not be done.
    case final
    /// This machine, or that one, lacks what a line needs; trying again can't help.
    case unfit
    /// What is asked for can't be sent; nothing was.
    case badRequest
    /// A file did not arrive as it should, for this reason; what was there before is untouched.
    case notPlaced
  }

  let kind: Kind
  let description: String
  let hint: String?

  init(_ kind: Kind, _ description: String, hint: String? = nil) {
    self.kind = kind
    self.description = description
    self.hint = hint
  }

  /// Whether trying again can't help, or must not be done.
  var isFinal: Bool { [.final, .unfit, .badRequest].contains(kind) }
}
