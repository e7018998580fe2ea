import ArgumentParser
import Pipeline

/// `kiln log`: the log of a run.
struct Log: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Print the log of a run: its customization.log.")

  /// How long `--follow` waits before it looks again.
  private static let pause = Duration.milliseconds(100)

  @OptionGroup var chosen: RunArgument

  @Flag(name: .shortAndLong, help: "Go on printing until the run has ended.")
  var follow = false

  @Flag(help: "Print the events as JSON, one object a line.")
  var json = false

  func run() async throws {
    let directory = try chosen.find()
    let file: RunDirectory.GrowingFile = json ? .events : .log
    var offset = 0
    while follow, try !directory.standing().standing.isFinal {
      offset = try print(file, of: directory, from: offset)
      try await Task.sleep(for: Self.pause)
    }
    // The record may be ahead of the log by a moment.
    if follow { try await Task.sleep(for: Self.pause) }
    _ = try print(file, of: directory, from: offset)
  }

  /// Prints what there is from `offset` on.
  /// - Returns: the offset behind it.
  private func print(
    _ file: RunDirectory.GrowingFile, of directory: RunDirectory, from offset: Int
  ) throws -> Int {
    var offset = offset
    while case let bytes = try directory.bytes(of: file, from: offset), !bytes.isEmpty {
      try StandardOutput.write(bytes)
      offset += bytes.count
    }
    return offset
  }
}
