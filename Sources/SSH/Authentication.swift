internal import CSSH2

extension Session {
  /// Logs in: with the keys that were asked for explicitly, then with those of the agent, then
  /// with the other key files, then with the user's password.
  func authenticate(_ options: SSHOptions) async throws {
    let login = Login(target, options)
    do {
      for candidate in await login.candidates() {
        if try await offer(candidate, login) { return }
      }
      if try await logInByPassword(login) { return }
    } catch let error as SSHError where error.kind == .connectionLost && wire.farewell != nil {
      throw login.error(error.reason, accepted: nil)
    }
    throw login.error("the server accepted none of these", accepted: login.methods)
  }

  /// Offers one key; whether the server let us in.
  private func offer(_ candidate: Candidate, _ login: Login) async throws -> Bool {
    switch candidate.source {
    case .agent(let agent):
      guard let key = candidate.key else { return false }
      return try await offer(key, candidate, login) { data, algorithm in
        try await agent.sign(data, with: key, algorithm)
      }
    case .unusable(let reason):
      login.note(candidate, reason)
      return false
    case .file(let file):
      switch file.contents {
      case .key(let signing):
        return try await offer(signing.publicKey, candidate, login) { data, algorithm in
          signing.sign(data, algorithm)
        }
      case .encryptedPEM: return try await offerEncryptedPEM(file, candidate, login)
      case .encryptedOpenSSH: return try await offerEncryptedOpenSSH(file, candidate, login)
      }
    }
  }

  private func offerEncryptedPEM(
    _ file: KeyFile, _ candidate: Candidate, _ login: Login
  ) async throws -> Bool {
    if let key = file.publicKey {
      return try await offer(key, candidate, login) { data, algorithm in
        try await self.unlock(file, login)?.sign(data, algorithm)
      }
    }
    guard let signing = try await unlock(file, login) else {
      login.note(candidate, "no right passphrase was given")
      return false
    }
    return try await offer(signing.publicKey, candidate, login) { data, algorithm in
      signing.sign(data, algorithm)
    }
  }

  private func unlock(_ file: KeyFile, _ login: Login) async throws -> SigningKey? {
    try await askForPassphrase(file, login) { try file.decryptPEM($0) }
  }

  /// Asks the server first whether it would take the key, and the user for the passphrase then.
  private func offerEncryptedOpenSSH(
    _ file: KeyFile, _ candidate: Candidate, _ login: Login
  ) async throws -> Bool {
    guard let key = file.publicKey else { return false }
    var wanted = false
    let isIn = try await offer(key, candidate, login) { _, _ in
      wanted = true
      return nil
    }
    guard wanted else { return isIn }
    let accepted = try await askForPassphrase(file, login) { passphrase in
      try await self.offer(file, passphrase, candidate, login)
    }
    if accepted == nil { login.note(candidate, "no right passphrase was given") }
    return accepted ?? false
  }

  /// Has libssh2 decrypt and offer a key; `nil` when the passphrase is wrong.
  private func offer(
    _ file: KeyFile, _ passphrase: Secret, _ candidate: Candidate, _ login: Login
  ) async throws -> Bool? {
    let user = target.user
    let code = try await complete(login.operation) {
      file.withBytes { bytes in
        bytes.withMemoryRebound(to: CChar.self) { bytes in
          passphrase.withCString {
            libssh2_userauth_publickey_frommemory(
              handle.pointer, user, user.utf8.count, nil, 0, bytes.baseAddress, bytes.count, $0)
          }
        }
      }
    }
    switch code {
    case 0: return true
    case LIBSSH2_ERROR_KEYFILE_AUTH_FAILED: return nil
    case LIBSSH2_ERROR_FILE:
      login.note(candidate, lowerCased(handle.lastError.text))
      return false
    case LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
      login.note(candidate, "its signature was refused")
      return false
    default: throw failed(login.operation)
    }
  }

  private func askForPassphrase<Value>(
    _ file: KeyFile, _ login: Login, _ use: (Secret) async throws -> Value?
  ) async throws -> Value? {
    for _ in 0..<Login.askLimit {
      guard let passphrase = try await ask(.passphrase(file: file.path), login) else { return nil }
      if let value = try await use(passphrase) { return value }
    }
    return nil
  }

  /// Asks the user; the time that takes is not part of the time to connect.
  func ask(_ question: SSHQuestion, _ login: Login) async throws -> Secret? {
    let asked = ContinuousClock.now
    guard case .connecting(let deadline) = phase else { return nil }
    phase = .asking
    defer { phase = .connecting(by: deadline + (.now - asked)) }
    let answer = try await login.options.ask(question)
    try check(login.operation)
    return answer
  }

  /// Offers a public key and, if the server would take it, proves with a signature that the
  /// private one is there.
  private func offer(
    _ key: PublicKey, _ candidate: Candidate, _ login: Login,
    _ sign: (_ data: [UInt8], _ algorithm: String) async throws -> [UInt8]?
  ) async throws -> Bool {
    guard login.isNew(key) else { return false }
    let algorithm = key.signatureAlgorithm
    let blob = key.blob(as: algorithm)
    let signing = Signing()
    while true {
      try check(login.operation)
      switch signing.attempt(handle.pointer, target.user, blob) {
      case 0: return true
      case LIBSSH2_ERROR_EAGAIN:
        guard case .wanted(let data) = signing.state else {
          try await nextEvent(login.operation)
          continue
        }
        do {
          signing.state = try await sign(data, algorithm).map { .made($0) } ?? .refused
        } catch let failure as Agent.Failure {
          login.note(candidate, failure.reason)
          signing.state = .refused
        }
      case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
        login.note(candidate, "refused")
        return false
      case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
        if case .made = signing.state { login.note(candidate, "its signature was refused") }
        return false
      default: throw failed(login.operation)
      }
    }
  }
}

/// A signature that libssh2 waits for: its callback may say "not yet" and is asked again.
private final class Signing {
  enum State {
    case idle
    case wanted([UInt8])
    case made([UInt8])
    case refused
  }

  var state = State.idle

  /// The code of libssh2: `LIBSSH2_ERROR_EAGAIN` when it waits for the server, or for us in
  /// state `wanted`.
  func attempt(_ session: OpaquePointer, _ user: String, _ blob: [UInt8]) -> Int32 {
    var opaque: UnsafeMutableRawPointer? = Unmanaged.passUnretained(self).toOpaque()
    return libssh2_userauth_publickey(
      session, user, blob, blob.count,
      { _, signature, count, data, size, abstract in
        guard let opaque = abstract?.pointee, let signature, let count else { return -1 }
        let signing = Unmanaged<Signing>.fromOpaque(opaque).takeUnretainedValue()
        return signing.answer(UnsafeRawBufferPointer(start: data, count: size), signature, count)
      }, &opaque)
  }

  private func answer(
    _ data: UnsafeRawBufferPointer, _ signature: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
    _ count: UnsafeMutablePointer<Int>
  ) -> Int32 {
    switch state {
    case .idle, .wanted:
      state = .wanted(Array(data))
      return LIBSSH2_ERROR_EAGAIN
    case .refused: return -1
    case .made(let bytes):
      // libssh2 frees it with free(3), its default.
      guard let copy = malloc(bytes.count) else { return -1 }
      copy.copyMemory(from: bytes, byteCount: bytes.count)
      signature.pointee = copy.assumingMemoryBound(to: UInt8.self)
      count.pointee = bytes.count
      return 0
    }
  }
}

extension PublicKey {
  /// What to sign with.
  ///
  /// RSA with SHA-1, which libssh2 1.10 would choose, is refused by OpenSSH
  /// since 8.8.
  fileprivate var signatureAlgorithm: String { type == "ssh-rsa" ? "rsa-sha2-512" : type }

  /// The blob with the algorithm as its type word: libssh2 takes the algorithm from there.
  fileprivate func blob(as algorithm: String) -> [UInt8] {
    var writer = ByteWriter()
    writer.add(algorithm)
    return writer.bytes + blob.dropFirst(4 + type.utf8.count)
  }
}
