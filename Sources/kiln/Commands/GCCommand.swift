import ArgumentParser
import Foundation
import Guests
import Images
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
      the options below replace what the run used.
      """)

  @OptionGroup var ssh: SSHArguments

  @Flag(help: "Remove the machines, too, that were kept on purpose.")
  var kept = false

  func run() async throws {
    let archive = try RunArchive.ofUser()
    let questions = Questions(ssh, learn: { _ in })
    var failed = 0
    var cleaned = 0
    for directory in try archive.all() {
      do {
        if try await collect(directory, questions) { cleaned += 1 }
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
    for path in try await TrialVM.removeAbandoned(below: Places.trials) {
      StandardError.write("removed a virtual machine that was booted to look into it: \(path)")
    }
    StandardError.write("\(cleaned) runs cleaned up, \(failed) left for another try")
    if failed > 0 { throw ExitCode(KilnExit.unreachable.rawValue) }
  }

  /// Cleans up after one run; whether there was anything to do.
  private func collect(_ directory: RunDirectory, _ questions: Questions) async throws -> Bool {
    let (record, standing) = try directory.standing()
    let contents = try directory.journal()
    let left = contents.unfinished + (kept ? contents.kept : [])
    guard standing.isFinal || standing == .interrupted, standing == .interrupted || !left.isEmpty
    else { return false }
    let journal = try Journal(of: directory)
    for resource in left {
      switch resource {
      case .guestDirectory(let on, _, let login):
        let host = try SSHHost(on, ssh, like: login, questions)
        let guest = try await SSHGuest.reach(host.route(for: directory.run)) { _ in }
        try await guest.leave()
        try await journal.gone(resource)
      case .vm(let directory):
        try await VMPlace.remove(directory)
        try await journal.gone(resource)
      case .other(let kind, _):
        throw CommandFault(
          "this version of kiln can't remove a \(kind)", hint: "use the version that made it")
      }
    }
    if standing == .interrupted { try directory.write(record.closed(at: .now())) }
    return true
  }
}
