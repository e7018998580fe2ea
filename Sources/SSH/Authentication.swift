internal import CSSH2

extension Session {
  func authenticate(_ options: SSHOptions) async throws {
    let operation = "could not log in to \(target)"
    for path in options.identities {
      guard let bytes = try readFile(path, for: operation) else { continue }
      let code = try await complete(operation) {
        bytes.withUnsafeBytes { bytes in
          libssh2_userauth_publickey_frommemory(
            handle.pointer, target.user, target.user.utf8.count, nil, 0,
            bytes.bindMemory(to: CChar.self).baseAddress, bytes.count, nil)
        }
      }
      if code == 0 { return }
    }
    throw SSHError(.authenticationFailed, operation, "no key was accepted")
  }
}
