internal import Foundation
internal import Glibc
internal import Pipeline
internal import SystemPackage

/// Where the files of a VM are that belongs to no run: a directory with its owner's name, so that
/// what a killed process leaves can be told from what is in use.
struct TrialPlace {
  /// The directory, with mode 0700: it holds keys.
  let directory: String

  private static func owner(in directory: String) -> String { "\(directory)/owner.json" }

  /// A new one below `root`, which is made where it is not there.
  static func make(below root: String) throws -> TrialPlace {
    let name = String(UInt64.random(in: .min ... .max), radix: 36)
    let place = TrialPlace(directory: "\(root)/\(name)")
    do {
      try FileManager.default.createDirectory(
        atPath: place.directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      try JSONEncoder().encode(try ProcessIdentity.current())
        .write(to: URL(filePath: owner(in: place.directory)))
    } catch {
      throw MachineError(.unavailable, "could not make `\(place.directory)`: \(error)")
    }
    return place
  }

  /// Ends what runs there, and removes it.
  func remove() async throws {
    try await VirtualMachine.endLeftover(in: directory)
    do {
      try FileManager.default.removeItem(atPath: directory)
    } catch {
      guard access(directory, F_OK) == 0 else { return }
      throw QEMUError(.file, "could not remove `\(directory)`", error.localizedDescription)
    }
  }

  /// Whether the process that made it is gone; one without a name is being made, or was left so.
  fileprivate func isAbandoned(after age: TimeInterval) throws -> Bool {
    if let data = FileManager.default.contents(atPath: Self.owner(in: directory)),
      let owner = try? JSONDecoder().decode(ProcessIdentity.self, from: data)
    {
      return try owner.presence() == .gone
    }
    var status = stat()
    guard stat(directory, &status) == 0 else { return false }
    return Date().timeIntervalSince1970 - TimeInterval(status.st_mtim.tv_sec) > age
  }
}

extension TrialVM {
  /// How long a process may take from making a directory to writing its name into it.
  private static let secondsToBegin: TimeInterval = 60

  /// Removes what processes that are gone have left below `root`.
  /// - Returns: the directories that were removed.
  /// - Throws: ``QEMUError`` where one can't be removed.
  public static func removeAbandoned(below root: String) async throws -> [String] {
    var removed: [String] = []
    // No directory is nothing left.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    for place in names.sorted().map({ TrialPlace(directory: "\(root)/\($0)") })
    where try place.isAbandoned(after: secondsToBegin) {
      try await place.remove()
      removed.append(place.directory)
    }
    return removed
  }
}
