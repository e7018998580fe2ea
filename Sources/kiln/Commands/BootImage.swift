import ArgumentParser
import Foundation
import Images
import Pipeline
import QEMU

/// `kiln images boot`: a look into one of them.
struct BootImage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot", abstract: "Boot an image in a throw-away VM, and open a shell in it.",
    discussion: """
      The VM has an identity and keys of its own; nothing is written to the image, and the VM is \
      gone when the shell ends. Words after `--` are a command to run there instead of a shell. \
      Where there is no terminal and no command, it runs until it switches itself off or is \
      stopped by Ctrl-C.
      """)

  @Argument(help: "The image.")
  var name: String

  @Option(help: ArgumentHelp("The user to make in the VM, with sudo.", valueName: "name"))
  var user = "kiln"

  @Option(
    name: .customLong("authorized-key"),
    help: ArgumentHelp("Let the owner of this public key log in, too.", valueName: "file"))
  var authorizedKeys: [String] = []

  @Option(help: ArgumentHelp("Give the VM this many processors.", valueName: "number"))
  var cpus = 2

  @Option(help: ArgumentHelp("Give the VM this much memory, in MiB.", valueName: "MiB"))
  var memory = 2048

  @Argument(parsing: .postTerminator, help: "A command to run there.")
  var command: [String] = []

  /// How long the VM may take to be reached.
  private static let timeout = Duration.seconds(20 * 60)

  func validate() throws {
    let most = LocalArguments.mostProcessors
    if !(1...most).contains(cpus) { throw ValidationError("--cpus must be from 1 to \(most)") }
    if memory < 256 { throw ValidationError("--memory must be at least 256 (MiB)") }
    if user.wholeMatch(of: /[a-z_][a-z0-9_-]{0,31}/) == nil || user == "root" {
      throw ValidationError("--user must be a name for a new user, not `\(user)`")
    }
  }

  func run() async throws {
    let signals = try Signals()
    let keys = try authorizedKeys.map(PublicKeyFile.read)
    let store = try ImagesCommand.store()
    let image = try store.find(name)
    let host = try HostCapacity.current(directory: Places.existing(Places.state))
    try HostNeeds(memory: memory, disk: 0).check(host, directory: Places.state)
    let code = try await signals.cancelling {
      let use = try await store.use(image)
      let base = BaseDisk(
        image: use.disk, firmware: use.firmware,
        architecture: VMSpec.Architecture(rawValue: use.architecture) ?? hostArchitecture)
      let accelerator = try await AcceleratorMemo.finding(for: base.architecture).accelerator
      let vm = TrialVM(
        base: base, cpus: cpus, memory: memory, accelerator: accelerator, user: user,
        authorizedKeys: keys, timeout: Self.timeout)
      let code = try await visit(vm, store)
      return withExtendedLifetime(use) { code }
    }
    // The command's own code, whatever it is.
    if code != 0 { Foundation.exit(code) }
  }

  /// Boots the VM and stays in it.
  /// - Returns: the command's exit code; 0 where there is none.
  private func visit(_ vm: TrialVM, _ store: ImageStore) async throws -> Int32 {
    let start = ContinuousClock.now
    StandardError.write("booting \(name) …")
    let code = try await vm.use(below: Places.trials, disks: store.tool) {
      StandardError.write("note: \($0)")
    } _: { [command] login in
      StandardError.write(
        "up after \((ContinuousClock.now - start).formatted); it is thrown away at the end")
      StandardError.write("reach it by: \(login.sshWords.joined(separator: " "))")
      if !command.isEmpty { return try await Visit.run(login.sshWords + command) }
      if isatty(STDIN_FILENO) == 1 {
        _ = try await Visit.run(login.sshWords)
      } else {
        try await Visit.untilStopped()
      }
      return 0
    }
    return code ?? 0
  }
}
