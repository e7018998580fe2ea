import Azure
import Guests
import Pipeline
import QEMU

/// What runs left whose process is gone, and its removal.
struct Leftovers {
  /// How much of it is removed.
  enum Reach {
    /// What was not removed by the run.
    case unfinished
    /// What was kept on purpose, too.
    case kept
  }

  /// What there was to do.
  enum Outcome { case nothing, collected }

  private let ssh: SSHArguments
  private let winRM: WinRMArguments
  private let cloud: CloudArguments
  private let reach: Reach
  private let questions: Questions

  /// Logs in to hosts as the runs did, unless `ssh` says otherwise.
  init(_ ssh: SSHArguments, _ winRM: WinRMArguments, _ cloud: CloudArguments, _ reach: Reach) {
    self.ssh = ssh
    self.winRM = winRM
    self.cloud = cloud
    self.reach = reach
    questions = Questions(ssh, learn: { _ in })
  }

  /// Cleans up after one run, and closes its record.
  func collect(_ directory: RunDirectory) async throws -> Outcome {
    let (record, standing) = try directory.standing()
    let contents = try directory.journal()
    let left = contents.unfinished + (reach == .kept ? contents.kept : [])
    guard standing.isFinal || standing == .interrupted, standing == .interrupted || !left.isEmpty
    else { return .nothing }
    let journal = try Journal(of: directory)
    for resource in left {
      switch resource {
      case .guestDirectory(let on, _, let login) where on.hasPrefix(WinRMHost.scheme):
        let host = try WinRMHost(on, winRM, like: login, timeout: ssh.timeout(), questions)
        try await leave(host, directory.run)
        try await journal.gone(resource)
      case .guestDirectory(let on, _, let login):
        let host = try SSHHost(on, ssh, like: login, questions)
        if try await host.system() == .windows {
          try await leave(host.asWindows, directory.run)
        } else {
          try await SSHGuest.reach(host.route(for: directory.run)) { _ in }.leave()
        }
        try await journal.gone(resource)
      case .vm(let directory):
        try await VMPlace.remove(directory)
        try await journal.gone(resource)
      case .azure, .azureAccess: continue
      case .other(let kind, _):
        throw CommandFault(
          "this version of kiln can't remove a \(kind)", hint: "use the version that made it")
      }
    }
    try await collectAzure(left, journal)
    MachineFiles.remove(directory)
    if standing == .interrupted { try directory.write(record.closed(at: .now())) }
    return .collected
  }

  private func leave(_ host: any WindowsTarget, _ run: RunID) async throws {
    try await PowerShellGuest.reach(host.route(for: run.text, .login)) { _ in }.leave()
  }

  /// Removes what a run left in Azure, in the order in which Azure lets go of it.
  private func collectAzure(_ left: [Resource], _ journal: Journal) async throws {
    for (address, resources) in Dictionary(grouping: left, by: \.azureCloud) {
      guard let address else { continue }
      let access = try await cloud.open(for: nil, at: address)
      try await Staging(access.arm, journal: journal).remove(resources)
    }
  }
}

extension Resource {
  /// The Resource Manager of a resource in Azure; `nil` for others.
  fileprivate var azureCloud: String? {
    switch self {
    case .azure(_, let cloud), .azureAccess(_, let cloud): cloud
    default: nil
    }
  }
}
