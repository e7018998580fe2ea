import ArgumentParser
import Azure
import Foundation
import Images
import Layers
import Pipeline
import QEMU

/// `kiln gc`: removes what runs left behind whose process is gone.
struct GCCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Remove what killed runs left on machines, and close their records.",
    discussion: """
      It reads the journals of runs whose process is gone, ends the jobs that still run, removes \
      the runs' directories, and can be called as often as you like. It logs in as the run did; \
      the options below replace what the run used. With --on azure it also looks, by their tags, for \
      what runs of any machine left in the subscription, and removes what has expired.
      """)

  @Option(
    name: .customLong("on"),
    help: ArgumentHelp("Also look in the subscription for what has expired.", valueName: "azure"))
  var place: Place?

  @Flag(
    help: """
      With --on azure, remove what has not expired, too: builds that go on, wherever they do, fail.
      """)
  var unexpired = false

  @OptionGroup(title: "In Azure") var subscription: SubscriptionArgument

  @OptionGroup(title: "In Azure") var cloud: CloudArguments

  /// Where is looked beside the runs of this machine.
  enum Place: String, ExpressibleByArgument, CaseIterable { case azure }

  @OptionGroup var ssh: SSHArguments

  @OptionGroup var winRM: WinRMArguments

  @Flag(help: "Remove the machines, too, that were kept on purpose.")
  var kept = false

  func run() async throws {
    let archive = try RunArchive.ofUser()
    let leftovers = Leftovers(ssh, winRM, cloud, kept ? .kept : .unfinished)
    var failed = 0
    var cleaned = 0
    for directory in try archive.all() {
      do {
        if try await leftovers.collect(directory) == .collected { cleaned += 1 }
      } catch {
        failed += 1
        StandardError.write("error: run \(directory.run.text): \(error)")
        if let hint = (error as? any Hinting)?.hint { StandardError.write("hint: \(hint)") }
      }
    }
    try archive.removeUnbegun(olderThan: .seconds(60))
    for path in try await ImageStore(environment: ProcessInfo.processInfo.environment)
      .removeAbandoned()
    {
      StandardError.write("removed what a killed build had begun to write: \(path)")
    }
    let freed = try await CacheCommand.store.prune(to: CacheLimit.current())
    if freed.bytes > 0 {
      StandardError.write("removed kept states that nothing needs: \(ByteText(freed.bytes))")
    }
    for path in try await TrialVM.removeAbandoned(below: Places.trials) {
      StandardError.write("removed a virtual machine that was booted to look into it: \(path)")
    }
    if place == .azure {
      try await CloudLeftovers(
        cloud, subscription.subscription, unexpired ? .all : .expired
      ).collect()
    }
    StandardError.write("\(cleaned) runs cleaned up, \(failed) left for another try")
    if failed > 0 { throw ExitCode(KilnExit.unreachable.rawValue) }
  }
}
