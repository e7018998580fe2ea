internal import Foundation
internal import Pipeline
internal import SSH

/// Who a VM is and who may log in to it: keys that are made for one VM and gone with its files.
struct VMIdentity {
  /// What logs in.
  let client: Ed25519KeyPair
  /// The VM's own; no other is accepted.
  let host: Ed25519KeyPair

  /// Makes the keys, and writes them and the seed that brings them into the VM's directory.
  /// - Parameters:
  ///   - directory: The VM's own, with mode 0700.
  ///   - user: Who logs in.
  ///   - hostname: What the VM calls itself.
  ///   - instanceID: What cloud-init tells VMs apart by.
  ///   - growsPartitions: Whether one of its partitions may have room to grow into.
  ///   - more: Public keys that may log in, too.
  /// - Returns: the keys that were made, and how to log in by them.
  /// - Throws: ``MachineError`` or ``QEMUError`` where something can't be written.
  static func make(
    in directory: String, user: String, hostname: String, instanceID: String,
    growsPartitions: Bool, alsoFor more: [String] = []
  ) throws -> VMIdentity {
    let keys = VMIdentity(
      client: try .generate(comment: "kiln"), host: try .generate(comment: instanceID))
    let secret = keys.client.privateKey.withBytes { Array($0) }
    guard
      FileManager.default.createFile(
        atPath: VMFile.key.path(in: directory), contents: Data(secret),
        attributes: [.posixPermissions: 0o600]),
      FileManager.default.createFile(
        atPath: VMFile.knownHosts.path(in: directory),
        contents: Data("* \(keys.host.publicKey)\n".utf8))
    else {
      throw MachineError(.unavailable, "could not write the keys of \(directory)")
    }
    try CloudInitSeed(
      user: user, authorizedKeys: [keys.client.publicKey] + more,
      hostPrivateKey: keys.host.privateKey.withBytes { String(decoding: $0, as: UTF8.self) },
      hostPublicKey: keys.host.publicKey, hostname: hostname, instanceID: instanceID,
      growsPartitions: growsPartitions
    ).write(to: VMFile.seed.path(in: directory))
    return keys
  }
}
