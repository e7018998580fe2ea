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
    while true {
      // First the state, then the file: what a run writes before its end is not missed.
      let isOver = try !follow || directory.standing().standing.isFinal
      while case let bytes = try directory.bytes(of: file, from: offset), !bytes.isEmpty {
        try StandardOutput.write(bytes)
        offset += bytes.count
      }
      if isOver { return }
      try await Task.sleep(for: Self.pause)
    }
  }
}
