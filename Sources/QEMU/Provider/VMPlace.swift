internal import Foundation
internal import Glibc
internal import Pipeline

/// Where the files of a run's VM are: all in one directory below the run's own.
public struct VMPlace: Sendable, Hashable {
  /// The run that the VM belongs to.
  let run: RunDirectory
  /// The directory, with mode 0700: it holds keys.
  public let directory: String
  private let name: String

  init(_ run: RunDirectory, _ origin: VMOrigin) {
    self.run = run
    name = origin == .source ? "build" : "validation"
    directory = "\(run.path)/vm-\(name)"
  }

  var vmName: String { "kiln-\(run.run.text)-\(name)" }
  var disk: String { VMFile.disk.path(in: directory) }
  var seed: String { VMFile.seed.path(in: directory) }
  var key: String { VMFile.key.path(in: directory) }
  var knownHosts: String { VMFile.knownHosts.path(in: directory) }
  var console: String { VMFile.console.path(in: directory) }
  /// The console's log once the VM is gone.
  var keptConsole: String { "\(run.path)/console-\(name).log" }

  /// Whether somebody may have been in the VM whom the build did not send.
  var wasVisited: Bool { access(VMFile.visited.path(in: directory), F_OK) == 0 }

  func dataDisk(_ number: Int) -> String { "\(directory)/data-\(number).qcow2" }

  /// Removes a VM's files, and ends its process where it still runs: what `kiln gc` does.
  ///
  /// The console's log stays in the run's directory.
  /// - Throws: ``QEMUError`` where the process can't be ended or a file can't be removed.
  public static func remove(_ directory: String) async throws {
    guard access(directory, F_OK) == 0 else { return }
    try await VirtualMachine.endLeftover(in: directory)
    try removeFiles(directory)
  }

  static func removeFiles(_ directory: String) throws(QEMUError) {
    let name = directory.split(separator: "/").last.map(String.init) ?? "vm"
    let kept = "\(directory)/../console-\(name.dropFirst("vm-".count)).log"
    rename(VMFile.console.path(in: directory), kept)
    do {
      try FileManager.default.removeItem(atPath: directory)
    } catch {
      guard access(directory, F_OK) == 0 else { return }
      throw QEMUError(.file, "could not remove `\(directory)`", error.localizedDescription)
    }
  }
}

/// How somebody logs in to a VM beside its build: `kiln ssh` reads it.
public struct VMLogin: Codable, Sendable, Hashable {
  /// The port of 127.0.0.1.
  public let port: Int
  /// The user.
  public let user: String
  /// The private key's file.
  public let identity: String
  /// The file with the guest's host key.
  public let knownHosts: String

  private static func path(in directory: String) -> String { "\(directory)/login.json" }

  /// Reads what was written for the VM of a directory.
  /// - Throws: where there is none.
  public static func read(in directory: String) throws -> VMLogin {
    try JSONDecoder().decode(
      VMLogin.self, from: Data(contentsOf: URL(filePath: path(in: directory))))
  }

  /// Reads it for somebody who logs in, and notes that: a VM that somebody changes by hand is not
  /// what its steps would give.
  /// - Throws: where there is none, or where that can't be noted.
  public static func visit(_ directory: String) throws -> VMLogin {
    let login = try read(in: directory)
    try Data().write(to: URL(filePath: VMFile.visited.path(in: directory)))
    return login
  }

  func write(in directory: String) throws {
    try JSONEncoder().encode(self).write(to: URL(filePath: Self.path(in: directory)))
  }
}
