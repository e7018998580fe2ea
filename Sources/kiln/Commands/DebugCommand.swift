import ArgumentParser
import Pipeline

/// `kiln debug`: one step, again and again.
struct DebugCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "debug", abstract: "Stop at one customizer, look around, and run it again.",
    discussion: """
      The steps before it run as in a build; then you are shown what it finds, and asked: run it, \
      open a shell, run it again as the template and its files now are. Nothing is generalized, \
      validated or distributed, and a VM is gone at the end unless you keep it. Each further run of the \
      step begins in the VM's state before it; where there is none, as on a host of your own, it runs on \
      what is there, and that is said.
      """)

  @OptionGroup var baking: BakingArguments

  @Argument(help: "The step to stop at: its name, number, or a glob; without it the last one.")
  var at: String?

  @Flag(help: "Run the step at once, and again whenever its script or the template is saved.")
  var watch = false

  @Flag(help: "Print what the step changed on the disks: files, and packages of dpkg or rpm.")
  var diff = false

  @Option(
    name: .customLong("diff-path"),
    help: ArgumentHelp(
      "Look for changes below this directory only, with --diff.", valueName: "directory"))
  var diffPaths: [String] = []

  func validate() throws {
    guard baking.steps.only.isEmpty, baking.steps.until == nil else {
      throw ValidationError("name the step to stop at in place of --only and --until")
    }
    guard !baking.deprovision else {
      throw ValidationError("--deprovision has no meaning here: nothing is generalized")
    }
    for path in diffPaths where !path.hasPrefix("/") {
      throw ValidationError("--diff-path \(path) must be an absolute path on the machine")
    }
  }

  func run() async throws {
    var arguments = baking
    arguments.steps.until = at
    let inventory = DiskInventory(of: diffPaths.isEmpty ? ["/"] : diffPaths)
    try await Baking(arguments, for: .trial)
      .debug(DebugManner(watch: watch ? .on : .off, inventory: diff ? inventory : nil))
  }
}

/// What `kiln debug` does besides running a step.
struct DebugManner {
  /// Whether the step runs again when a file is saved.
  enum Watch { case on, off }

  var watch: Watch
  /// What is looked at to tell what the step changed; nothing where that is not told.
  var inventory: DiskInventory?
}
