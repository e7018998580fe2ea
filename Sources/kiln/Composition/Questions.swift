import Foundation
import SSH
import Synchronization

/// Answers what a connection asks of the user: from a file descriptor, else on the terminal.
///
/// Answers are kept for the run, so that a reconnect never asks again.
final class Questions: Sendable {
  private let passwordDescriptor: Int32?
  private let passphraseDescriptor: Int32?
  private let answers = Mutex<[SSHQuestion: Secret]>([:])
  private let learn: @Sendable (Secret) -> Void

  /// Answers as the command line says; `learn` is told of each secret.
  init(_ arguments: SSHArguments, learn: @escaping @Sendable (Secret) -> Void) {
    passwordDescriptor = arguments.passwordFd
    passphraseDescriptor = arguments.passphraseFd
    self.learn = learn
  }

  /// The answer to a question; `nil` where there is nobody to ask.
  func answer(_ question: SSHQuestion) async throws -> Secret? {
    let known = answers.withLock { $0[question] }
    if let known { return known }
    let answer: Secret? = try ask(question)
    guard let answer else { return nil }
    answers.withLock { $0[question] = answer }
    learn(answer)
    return answer
  }

  private func ask(_ question: SSHQuestion) throws -> Secret? {
    switch question {
    case .password(let user, let host):
      return try Self.read(passwordDescriptor) ?? SecretPrompt.ask("Password for \(user)@\(host): ")
    case .passphrase(let file):
      return try Self.read(passphraseDescriptor) ?? SecretPrompt.ask("Passphrase for \(file): ")
    }
  }

  /// The first line that a descriptor holds.
  private static func read(_ descriptor: Int32?) throws -> Secret? {
    guard let descriptor else { return nil }
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 4096 {
      let count = Foundation.read(descriptor, &byte, 1)
      if count < 0 {
        throw CommandFault(
          "could not read file descriptor \(descriptor): \(String(cString: strerror(errno)))")
      }
      if count == 0 || byte == UInt8(ascii: "\n") { break }
      line.append(byte)
    }
    return Secret(line)
  }
}

/// The controlling terminal.
enum SecretPrompt {
  /// Asks for a secret without showing what is typed; `nil` where there is no terminal.
  static func ask(_ prompt: String) -> Secret? {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else { return nil }
    defer { close(terminal) }
    var settings = termios()
    guard tcgetattr(terminal, &settings) == 0 else { return nil }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(terminal, TCSAFLUSH, &silent)
    defer { tcsetattr(terminal, TCSAFLUSH, &settings) }
    _ = prompt.withCString { write(terminal, $0, strlen($0)) }
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 4096, read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
      line.append(byte)
    }
    _ = write(terminal, "\n", 1)
    return Secret(line)
  }
}
