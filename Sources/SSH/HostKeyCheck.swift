internal import CSSH2

/// Decides whether a host is the one it should be.
struct HostKeyCheck {
  private static let supported = [
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
  ]

  private let target: ResolvedTarget
  private let operation: String
  private let known: KnownHosts
  private let rule: Rule

  private enum Rule {
    case known
    /// A key that no file has for this host is added to this file.
    case acceptNew(file: String)
    case pinned(PublicKey)
  }

  /// Reads what is known about `target`.
  init(_ target: ResolvedTarget, _ options: SSHOptions) throws(SSHError) {
    self.target = target
    operation = "could not connect to \(target)"
    let files = Self.files(target, options)
    switch options.hostKeyPolicy {
    case .known: rule = .known
    case .acceptNew:
      guard let file = files.first else {
        throw SSHError(
          .badConfiguration, operation, "there is no known_hosts file to add its key to")
      }
      rule = .acceptNew(file: file)
    case .pinned(let line):
      guard let key = PublicKey(line: line) else {
        throw SSHError(
          .badConfiguration, operation, "the pinned host key isn't a public key: \(line)")
      }
      rule = .pinned(key)
    }
    if case .pinned = rule {
      known = try KnownHosts([], for: target, operation: operation)
    } else {
      known = try KnownHosts(files, for: target, operation: operation)
    }
  }

  private static func files(_ target: ResolvedTarget, _ options: SSHOptions) -> [String] {
    if !options.knownHostsFiles.isEmpty { return options.knownHostsFiles }
    if !target.knownHostsFiles.isEmpty { return target.knownHostsFiles }
    let own = options.home.map { ["\($0)/.ssh/known_hosts"] } ?? []
    return own + ["/etc/ssh/ssh_known_hosts"]
  }

  /// The types of host key to ask for, those that are known first: a host has several keys, and
  /// another one than the known one would look like another host.
  var preferredTypes: String {
    let wanted: [String]
    if case .pinned(let key) = rule {
      wanted = [key.type]
    } else {
      wanted = known.entries.filter { !$0.isRevoked }.map(\.key.type)
    }
    let first = Self.supported.filter { wanted.contains($0) }
    let rest = Self.supported.filter { !wanted.contains($0) }
    return (first + rest).joined(separator: ",")
  }

  /// Throws unless `key` is the host's; adds it to the file where the rule says so.
  func verify(_ key: PublicKey) throws(SSHError) {
    if case .pinned(let pinned) = rule { return try verify(key, pinned: pinned) }
    if let revoked = known.entries.first(where: { $0.isRevoked && $0.key == key }) {
      throw SSHError(
        .hostKeyRevoked, operation,
        "its host key \(key.fingerprint) (\(key.kind)) is marked as revoked at \(revoked.place)")
    }
    let current = known.entries.filter { !$0.isRevoked }
    if current.contains(where: { $0.key == key }) { return }
    let sameType = current.first { $0.key.type == key.type }
    if let expected = sameType ?? current.first { throw changed(key, expected) }
    guard case .acceptNew(let file) = rule else { throw unknown(key) }
    try appendLine("\(known.name) \(key.line)", to: file, for: operation)
  }

  private func verify(_ key: PublicKey, pinned: PublicKey) throws(SSHError) {
    guard key != pinned else { return }
    throw SSHError(
      .hostKeyChanged, operation,
      "the host showed the key \(key.fingerprint) (\(key.kind)), not the one it was given, "
        + "\(pinned.fingerprint) (\(pinned.kind))",
      hint: "this may be another machine than the one that was made")
  }

  private func changed(_ key: PublicKey, _ expected: KnownHosts.Entry) -> SSHError {
    SSHError(
      .hostKeyChanged, operation,
      "the host key has changed: the host showed \(key.fingerprint) (\(key.kind)), but "
        + "\(expected.place) has \(expected.key.fingerprint) (\(expected.key.kind))",
      hint: "someone may be listening in; if the host was set up anew, check the new key and "
        + "remove \(expected.place)")
  }

  private func unknown(_ key: PublicKey) -> SSHError {
    SSHError(
      .hostKeyUnknown, operation,
      "the host key is not known: \(key.kind) key with fingerprint \(key.fingerprint)",
      hint: "compare the fingerprint with the host's, then run again with --accept-host-key")
  }
}

extension Session {
  /// Agrees on keys with the server and checks that it is the right one.
  func shakeHands(_ check: HostKeyCheck) async throws {
    let operation = "could not connect to \(target)"
    libssh2_session_method_pref(handle.pointer, LIBSSH2_METHOD_HOSTKEY, check.preferredTypes)
    let code = try await complete(operation) {
      libssh2_session_handshake(handle.pointer, wire.link.descriptor)
    }
    guard code == 0 else { throw handshakeFailed(operation, code) }
    var count = 0
    var type: Int32 = 0
    guard let bytes = libssh2_session_hostkey(handle.pointer, &count, &type),
      let key = PublicKey(blob: Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    else { throw failed(operation, .handshakeFailed) }
    try check.verify(key)
  }

  private func handshakeFailed(_ operation: String, _ code: Int32) -> SSHError {
    let error = failed(operation, .handshakeFailed)
    guard code == LIBSSH2_ERROR_KEX_FAILURE else { return error }
    return SSHError(
      .handshakeFailed, operation,
      "no common algorithms; a server that has only an RSA host key is out of reach for "
        + "libssh2 \(LIBSSH2_VERSION)",
      code: code,
      hint: "give the server an ed25519 host key: `ssh-keygen -A` there, and `HostKey "
        + "/etc/ssh/ssh_host_ed25519_key` in sshd_config")
  }
}
