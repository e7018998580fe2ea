import Foundation
import Pipeline
import Synchronization

/// Somebody's stay in a VM.
enum Visit {
  /// Runs a program that has our terminal, to its end.
  ///
  /// A cancellation ends the program.
  /// - Returns: its exit code; 128 and the signal's number where a signal ended it.
  static func run(_ words: [String]) async throws -> Int32 {
    let child = try start(words)
    let running = Mutex<pid_t?>(child)
    return try await withTaskCancellationHandler {
      let status = await withCheckedContinuation { continuation in
        DispatchQueue(label: "kiln.visit").async {
          continuation.resume(returning: wait(for: child))
        }
      }
      running.withLock { $0 = nil }
      try Task.checkCancellation()
      return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
    } onCancel: {
      running.withLock { child in if let child { kill(child, SIGTERM) } }
    }
  }

  /// Waits for a cancellation.
  static func untilStopped() async throws {
    let (nothing, source) = AsyncStream.makeStream(of: Never.self)
    for await _ in nothing {}
    source.finish()
    try Task.checkCancellation()
  }

  private static func start(_ words: [String]) throws -> pid_t {
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, words[0], nil, nil, &arguments, environ)
    guard code == 0 else {
      throw CommandFault(
        "could not start `\(words[0])`: \(String(cString: strerror(code)))",
        hint: "install openssh-client")
    }
    return child
  }

  private static func wait(for child: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status
  }
}

/// A file with a public key, as ssh-keygen(1) writes it.
enum PublicKeyFile {
  /// The key's line.
  static func read(_ path: String) throws -> String {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw CommandFault(
        "could not read the key `\(path)`: \(error.localizedDescription)", exit: .usage)
    }
    let lines = text.split(separator: "\n").map(String.init)
    guard lines.count == 1, lines[0].contains(/^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+\/=]+( |$)/) else {
      throw CommandFault(
        "could not use the key `\(path)`: it is no public key", hint: "it ends in `.pub`",
        exit: .usage)
    }
    return lines[0]
  }
}
