import ArgumentParser
import Pipeline
import Template

extension Kiln {
  /// What people call commands that have another name here.
  private static let otherNames = [
    "bake": "build", "make": "build", "run": "build", "check": "validate", "lint": "validate",
    "list": "runs", "ls": "runs", "ps": "runs", "status": "show", "stop": "cancel",
    "clean": "gc", "prune": "gc",
  ]

  /// Refuses a command that there is not: the parser would take it for an argument too many.
  /// - Throws: ``CommandFault`` that names the command that may be meant.
  static func checkCommand(_ words: some Sequence<String>) throws(CommandFault) {
    let help = "help"
    guard let word = words.first(where: { $0 != help }), !word.hasPrefix("-") else { return }
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard !names.contains(word) else { return }
    let meant = otherNames[word] ?? nearest(to: word, among: names)
    throw CommandFault(
      "could not run `kiln \(word)`: there is no such command",
      hint: meant.map { "did you mean `kiln \($0)`?" } ?? "`kiln --help` lists the commands",
      exit: .usage)
  }
}
