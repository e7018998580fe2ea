import ArgumentParser
import Glibc
import Pipeline

/// The table of contents of the product: every command, in the order of `kiln --help`.
@main
struct Kiln: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kiln",
    abstract: "Bake virtual-machine images from Azure Image Builder templates.",
    discussion: """
      Data goes to standard output, talk to standard error. Exit codes: 0 succeeded, 1 failed, \
      2 wrong usage or invalid template, 3 partially succeeded, 4 provider or connection failed, \
      5 timed out, 130 and 143 stopped by a signal.
      """,
    version: "kiln \(Version.current)",
    subcommands: [
      BuildCommand.self, DebugCommand.self, ResumeCommand.self, PlanCommand.self,
      ValidateCommand.self, SchemaCommand.self, Import.self, Sources.self, Runs.self, Show.self,
      Outputs.self, ImagesCommand.self, PushCommand.self, CacheCommand.self, Log.self,
      SSHCommand.self, Cancel.self,
      GCCommand.self, DoctorCommand.self,
    ])

  static func main() async {
    // A reader that has gone is an error to handle where it is met, not a death.
    signal(SIGPIPE, SIG_IGN)
    do {
      try checkCommand(CommandLine.arguments.dropFirst())
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Glibc.exit(Leaving(error).tell().rawValue)
    }
  }
}

/// What version of Kiln this is.
enum Version {
  static let current = "0.1.0"
}
