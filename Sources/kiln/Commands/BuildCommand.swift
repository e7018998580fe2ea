public import ArgumentParser
import Foundation
public import Pipeline
import Template

/// `kiln build`: bakes a template.
struct BuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Bake a template.")

  @OptionGroup var baking: BakingArguments

  @OptionGroup(title: "At a terminal") var asking: AskingArguments

  func run() async throws {
    let invocation = Invocation(
      arguments: Array(CommandLine.arguments.dropFirst(2)),
      directory: FileManager.default.currentDirectoryPath)
    try await Baking(baking, invocation: invocation).bake(asking)
  }
}

/// `kiln plan`: shows what `kiln build` would do, and stops.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what a build would do, and stop.")

  @OptionGroup var baking: BakingArguments

  func run() async throws {
    try await Baking(baking).showPlan()
  }
}

/// What `build` and `plan` understand.
struct BakingArguments: ParsableArguments {
  @Argument(
    help: """
      The image template: the JSON that Azure Image Builder takes, an ARM deployment template, or a \
      Bicep file.
      """)
  var template: String

  @Option(
    name: .customLong("on"),
    help: ArgumentHelp(
      """
      Where to bake: qemu, a VM on this machine; azure, a VM in your subscription; or a host of your \
      own, reached over SSH, or over WinRM where it runs Windows.
      """, valueName: "qemu|azure|ssh://[user@]host[:port]|winrm://[user@]host[:port]"))
  var target: String = LocalSite.name

  @OptionGroup(title: "Values for the template") var deployment: DeploymentOptions

  @OptionGroup(title: "Several image templates in one file") var choice: TemplateChoice

  @OptionGroup(title: "Which customizers run") var steps: SelectionArguments

  @OptionGroup(title: "In a VM on this machine") var local: LocalArguments

  @OptionGroup(title: "In Azure") var azure: AzureArguments

  @OptionGroup(title: "On a host of your own") var ssh: SSHArguments

  @OptionGroup(title: "On a Windows machine of your own") var winRM: WinRMArguments

  @Flag(
    name: .customLong("strict-powershell"),
    help: "Let errors fail PowerShell scripts that handle none and end with 0.")
  var strictPowerShell = false

  @Option(
    help: ArgumentHelp(
      "Who runs the scripts: aib (fetched ones as root, inline ones as the login user), login, root.",
      valueName: "who"))
  var scriptUser: Planner.ScriptUser = .aib

  @Option(
    name: .customLong("mirror"),
    help: ArgumentHelp(
      "Fetch URIs that begin with PREFIX from a directory or another URL.",
      valueName: "PREFIX=DIR_OR_URL"))
  var mirrors: [String] = []

  @Flag(help: "Run the deprovision script at the end: it deletes users and host keys.")
  var deprovision = false

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print warnings, errors and the result only.")
  var quiet = false
}

extension Planner.ScriptUser: ExpressibleByArgument {}
