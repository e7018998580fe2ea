internal import CSSH2

/// A key that may be offered.
struct Candidate {
  enum Source {
    case agent(Agent)
    case file(KeyFile)
    case unusable(String)
  }

  /// What the user knows it by.
  let name: String
  let key: PublicKey?
  let source: Source
}

/// What is tried to log in, and what came of it.
final class Login {
  /// How often the same passphrase or password is asked for.
  static let askLimit = 3
  private static let defaultFiles = ["id_ed25519", "id_ecdsa", "id_rsa"]

  let operation: String
  let options: SSHOptions
  /// What the server said that it takes.
  var methods: [String]?
  private let target: ResolvedTarget
  private var notes: [String] = []
  private var offered: Set<PublicKey> = []

  init(_ target: ResolvedTarget, _ options: SSHOptions) {
    self.target = target
    self.options = options
    operation = "could not log in to \(target)"
  }

  /// The keys to offer, in order.
  ///
  /// What was asked for explicitly comes first: a server hangs up
  /// after a few wrong keys, and an agent may have many.
  func candidates() async -> [Candidate] {
    let explicit = options.identities.compactMap { file($0, isRequired: true) }
    var others = target.identities.compactMap { file($0, isRequired: false) }
    if explicit.isEmpty, target.identities.isEmpty, let home = options.home {
      others = Self.defaultFiles.compactMap { file("\(home)/.ssh/\($0)", isRequired: false) }
    }
    let named = target.identities + options.identities
    return explicit + (await agentKeys(files: named)) + others
  }

  private func file(_ path: String, isRequired: Bool) -> Candidate? {
    do {
      if let file = try KeyFile.read(path) {
        return Candidate(name: path, key: file.publicKey, source: .file(file))
      }
      // Only the public half: the agent has the other one.
      if try KeyFile.publicKey(beside: path) != nil || !isRequired { return nil }
      return Candidate(name: path, key: nil, source: .unusable("there is no such file"))
    } catch {
      let reason = (error as? KeyFile.Unusable)?.reason ?? "\(error)"
      return Candidate(name: path, key: nil, source: .unusable(reason))
    }
  }

  private func agentKeys(files: [String]) async -> [Candidate] {
    guard let socket = agentSocket else { return [] }
    let agent = Agent(socket: socket)
    do {
      let held = try await agent.identities()
      let named = files.compactMap { publicKey(of: $0) }
      let first = held.filter { named.contains($0.key) }
      let rest = target.offer == .filesOnly ? [] : held.filter { !named.contains($0.key) }
      return (first + rest).map {
        Candidate(name: "\($0.comment) in ssh-agent", key: $0.key, source: .agent(agent))
      }
    } catch {
      let reason = (error as? Agent.Failure)?.reason ?? "\(error)"
      return [Candidate(name: "ssh-agent", key: nil, source: .unusable(reason))]
    }
  }

  private func publicKey(of path: String) -> PublicKey? {
    // A file that can't be read is named in the report by `file(_:isRequired:)`.
    if let key = try? KeyFile.publicKey(beside: path) { return key }
    if let file = try? KeyFile.read(path) { return file.publicKey }
    return nil
  }

  private var agentSocket: String? {
    switch target.agent {
    case .fromOptions: options.agentSocket
    case .socket(let path): path
    case .none: nil
    }
  }

  /// Whether `key` was not offered before; from now on it was.
  func isNew(_ key: PublicKey) -> Bool { offered.insert(key).inserted }

  /// Remembers what came of a candidate, for the error.
  func note(_ candidate: Candidate, _ outcome: String) {
    let kind = candidate.key.map { " (\($0.kind), \($0.fingerprint))" } ?? ""
    notes.append("\(candidate.name)\(kind): \(outcome)")
  }

  /// Remembers what came of something else than a key.
  func note(_ outcome: String) { notes.append(outcome) }

  /// The error for a login that failed.
  func error(_ why: String, accepted: [String]?) -> SSHError {
    var parts = [why]
    parts.append(notes.isEmpty ? "there was no key to offer" : notes.joined(separator: "; "))
    if let accepted { parts.append("the server accepts \(accepted.joined(separator: ", "))") }
    return SSHError(
      .authenticationFailed, operation, parts.joined(separator: "; "),
      hint: offered.count > 4
        ? "name the right key with --identity: servers hang up after a few wrong ones"
        : "check the user name, and that the public key is in the user's authorized_keys")
  }
}

extension Session {
  /// Tries the user's password, where the server takes one; whether it let us in.
  func logInByPassword(_ login: Login) async throws -> Bool {
    let user = target.user
    let methods = try await methods(login, user)
    guard let methods else { return true }
    login.methods = methods
    let byQuestion = methods.contains("keyboard-interactive")
    guard methods.contains("password") || byQuestion else { return false }
    for _ in 0..<Login.askLimit {
      let question = SSHQuestion.password(user: user, host: target.host)
      guard let password = try await ask(question, login) else { return false }
      let code = try await complete(login.operation) {
        methods.contains("password")
          ? passwordAttempt(user, password) : questionAttempt(user, password)
      }
      if code == 0 { return true }
      guard code == LIBSSH2_ERROR_AUTHENTICATION_FAILED else { throw failed(login.operation) }
      login.note("password: refused")
    }
    return false
  }

  /// The ways to log in that the server takes; `nil` when it lets us in without any.
  private func methods(_ login: Login, _ user: String) async throws -> [String]? {
    var list = ""
    let code = try await complete(login.operation) {
      if let text = libssh2_userauth_list(handle.pointer, user, UInt32(user.utf8.count)) {
        list = String(cString: text)
        return 0
      }
      if libssh2_userauth_authenticated(handle.pointer) != 0 { return 0 }
      let code = libssh2_session_last_errno(handle.pointer)
      return code == 0 ? LIBSSH2_ERROR_PROTO : code
    }
    guard code == 0 else { throw failed(login.operation) }
    if libssh2_userauth_authenticated(handle.pointer) != 0 { return nil }
    return list.split(separator: ",").map(String.init)
  }

  private func passwordAttempt(_ user: String, _ password: Secret) -> Int32 {
    password.withBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        libssh2_userauth_password_ex(
          handle.pointer, user, UInt32(user.utf8.count), $0.baseAddress, UInt32($0.count), nil)
      }
    }
  }

  /// Answers every question whose answer the server would not show with the password.
  private func questionAttempt(_ user: String, _ password: Secret) -> Int32 {
    wire.password = password
    defer { wire.password = nil }
    return libssh2_userauth_keyboard_interactive_ex(
      handle.pointer, user, UInt32(user.utf8.count)
    ) { _, _, _, _, count, prompts, responses, abstract in
      guard let prompts, let responses, let wire = SessionHandle.wire(abstract) else { return }
      for index in 0..<Int(max(0, count)) where prompts[index].echo == 0 {
        wire.password?.withBytes { bytes in
          // libssh2 frees it with free(3), its default.
          guard let copy = malloc(bytes.count)?.assumingMemoryBound(to: CChar.self) else { return }
          for (place, byte) in bytes.enumerated() { copy[place] = CChar(bitPattern: byte) }
          responses[index].text = copy
          responses[index].length = UInt32(bytes.count)
        }
      }
    }
  }
}
