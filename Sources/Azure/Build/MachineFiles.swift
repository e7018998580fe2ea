internal import FoundationEssentials
internal import Glibc
public import Pipeline
internal import SSH

/// The files by which a run's machine in Azure is logged in to: `azure/<role>` in the run's
/// directory, for its owner's eyes only.
public struct MachineFiles: Sendable, Hashable {
  /// The directory.
  public let directory: String

  /// The private key.
  var key: String { "\(directory)/key" }
  /// The host key that the machine was given, for every address.
  var knownHosts: String { "\(directory)/known_hosts" }
  private var login: String { "\(directory)/login.json" }

  /// What a machine was given.
  struct Keys: Sendable {
    /// What logs in, as `authorized_keys` has it.
    let client: String
    /// The machine's own.
    let host: CustomData
  }

  /// The files for a machine of a run.
  public init(_ run: RunDirectory, _ role: BuildNames.Role) {
    directory = "\(run.path)/azure/\(role.rawValue)"
  }

  /// Makes keys that never were, and writes them.
  /// - Throws: ``MachineError`` where the directory can't be written.
  func makeKeys(comment: String) throws -> Keys {
    let failure = MachineError(.unavailable, "could not write the keys of \(directory)")
    try makeDirectory()
    let client = try Ed25519KeyPair.generate(comment: "kiln")
    let host = try Ed25519KeyPair.generate(comment: comment)
    let secret = client.privateKey.withBytes { Array($0) }
    try write(secret, to: key, failure)
    try write(Array("* \(host.publicKey)\n".utf8), to: knownHosts, failure)
    let text = host.privateKey.withBytes { String(decoding: $0, as: UTF8.self) }
    return Keys(
      client: client.publicKey,
      host: CustomData(hostPrivateKey: Secret(text), hostPublicKey: host.publicKey))
  }

  /// Makes the directory.
  func makeDirectory() throws {
    for path in [directory.withoutLastPart, directory] {
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw MachineError(.unavailable, "could not make the directory \(directory)")
      }
    }
  }

  /// Notes where the machine is reached.
  func note(_ login: MachineLogin) throws { try write(login, to: self.login) }

  /// How the machine is logged in to; `nil` where it is not known, or it is reached otherwise.
  public func read() -> MachineLogin? { read(MachineLogin.self, from: login) }

  /// What a file holds; `nil` where it is not there.
  func read<Value: Decodable>(_ type: Value.Type, from path: String) -> Value? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    // A file that was half written when its run was killed tells nothing.
    return try? JSONDecoder().decode(type, from: Data(bytes))
  }

  /// Removes the files of all machines of a run: their keys die with them.
  public static func remove(_ run: RunDirectory) {
    for role in [BuildNames.Role.build, .validation] {
      let files = MachineFiles(run, role)
      for path in [
        files.key, files.knownHosts, files.login, files.password, files.windowsLogin,
      ] { unlink(path) }
      rmdir(files.directory)
    }
    rmdir("\(run.path)/azure")
  }

  /// Writes a value as JSON.
  func write(_ value: some Encodable, to path: String) throws {
    let bytes = Array(try JSONEncoder().encode(value))
    try write(bytes, to: path, MachineError(.unavailable, "could not write \(path)"))
  }

  func write(_ bytes: [UInt8], to path: String, _ failure: MachineError) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure }
    defer { close(file) }
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw failure }
  }
}

/// How somebody logs in to a machine in Azure: `kiln ssh` reads it.
public struct MachineLogin: Codable, Sendable, Hashable {
  /// The address.
  public let host: String
  /// The user.
  public let user: String
  /// The private key's file.
  public let identity: String
  /// The file with the machine's host key.
  public let knownHosts: String
}

extension String {
  fileprivate var withoutLastPart: String {
    String(self[..<(lastIndex(of: "/") ?? startIndex)])
  }
}
