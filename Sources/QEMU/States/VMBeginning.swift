internal import Disks
internal import Foundation
internal import Guests
internal import Layers
internal import Memory
internal import Pipeline
internal import SystemPackage

/// What a VM begins as.
enum VMBeginning: Sendable {
  /// With disks in its own directory, gone with it.
  case own
  /// With disks in a layer that may be kept.
  case layer(OpenLayer)
  /// As a kept state, with disks in a layer on it.
  case state(LayerUse, OpenLayer)

  /// Whether its states are kept, or it begins as one.
  var mayBeKept: Bool {
    if case .own = self { false } else { true }
  }

  /// Whether it begins as a state in which an agent of this version listens.
  func hasListener() throws -> Bool {
    guard case .state(let use, _) = self else { return false }
    return use.layer.manifest.details[StateDetail.agent] == (try SSHGuest.agentVersion())
  }

  /// Where its disk with this number is, unless that is in its own directory.
  ///
  /// 0 is the one that it starts from.
  func disk(_ number: Int) -> String? {
    switch self {
    case .own: nil
    case .layer(let open), .state(_, let open): open.file(LayerFile.disk(number))
    }
  }

  /// The memory that it goes on with, where it does.
  /// - Throws: ``MachineError`` where there should be one.
  func memory() throws(MachineError) -> KeptMemory? {
    guard case .state(let use, _) = self, use.layer.manifest.form == StateKeeping.Form.live.rawValue
    else { return nil }
    guard let memory = use.memory else {
      throw MachineError(
        .unavailable, "could not use the kept state \(use.layer.manifest.name): no memory")
    }
    return memory
  }
}

extension LayerUse {
  /// The memory of the machine, where the state has it.
  var memory: KeptMemory? {
    KeptMemory(
      in: chain.map { ($0.directory.string, $0.manifest.files.map(\.name)) })
  }

  /// Compares all that a machine goes on with, as it was kept, with the checksums.
  func verifyAll() async throws {
    let memory = memory
    try await verify { layer, name in
      memory?.needs(name, in: layer.directory.string) ?? false
    }
  }
}

/// The names of the files of a layer that holds a VM's state.
enum LayerFile {
  /// The key that the build user is reached with.
  static let key = "key"
  /// The seed that the guest was started with.
  static let seed = "seed.iso"
  /// The UEFI variables.
  static let variables = VMFile.variables.rawValue
  static func disk(_ number: Int) -> String { "disk-\(number).qcow2" }
}

/// What is said of a VM's state beside its files: the names in a layer's `details`.
enum StateDetail {
  static let clientKey = "clientKey"
  static let hostKey = "hostKey"
  static let guestDirectory = "guestDirectory"
  /// The version of the agent that listens, where one does.
  static let agent = "agent"
}

extension Layer {
  /// One of the disks of a VM's state.
  func disk(_ number: Int) -> DiskImage {
    DiskImage(FilePath(file(LayerFile.disk(number))), format: .qcow2)
  }

  /// Puts what tells a guest's keys into a VM's directory; returns the public ones.
  func restoreKeys(to place: VMPlace) throws -> LocalVM.Keys {
    guard let client = manifest.details[StateDetail.clientKey],
      let host = manifest.details[StateDetail.hostKey]
    else {
      throw MachineError(.unavailable, "could not use the kept state \(manifest.name): no keys")
    }
    try PrivateFile.copy(file(LayerFile.key), to: place.key)
    try PrivateFile.copy(file(LayerFile.seed), to: place.seed)
    let variables = file(LayerFile.variables)
    if FileManager.default.fileExists(atPath: variables) {
      try PrivateFile.copy(variables, to: VMFile.variables.path(in: place.directory))
    }
    return LocalVM.Keys(client: client, host: host)
  }
}

extension OpenLayer {
  /// Takes what a VM needs to begin as this state, beside disks and memory.
  func takeKeys(from place: VMPlace) throws {
    try PrivateFile.copy(place.key, to: file(LayerFile.key))
    try PrivateFile.copy(place.seed, to: file(LayerFile.seed))
    let variables = VMFile.variables.path(in: place.directory)
    if FileManager.default.fileExists(atPath: variables) {
      try PrivateFile.copy(variables, to: file(LayerFile.variables))
    }
  }
}

/// Small files that only their owner may read.
enum PrivateFile {
  static func copy(_ from: String, to: String) throws {
    let bytes = try Data(contentsOf: URL(filePath: from))
    try? FileManager.default.removeItem(atPath: to)
    guard
      FileManager.default.createFile(
        atPath: to, contents: bytes, attributes: [.posixPermissions: 0o600])
    else {
      throw MachineError(.unavailable, "could not write `\(to)`")
    }
  }
}
