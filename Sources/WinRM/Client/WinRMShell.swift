/// A shell on the machine, which its client keeps for as long as the machine does.
public struct WinRMShell: Sendable {
  /// The client that it belongs to.
  public let client: WinRMClient
  /// What the machine calls it.
  public let id: ShellID

  /// Takes a shell that is there already.
  public init(_ client: WinRMClient, _ id: ShellID) {
    self.client = client
    self.id = id
  }

  /// Makes a shell.
  /// - Throws: ``WinRMError``, or `CancellationError`.
  public static func make(
    on client: WinRMClient, _ options: ShellOptions = ShellOptions()
  ) async throws -> WinRMShell {
    let request = ShellRequest.create(options)
    switch try await client.answer(to: request) {
    case .created(let id): return WinRMShell(client, id)
    case let other: throw WinRMError(unexpected: other, to: request)
    }
  }

  /// Starts a command.
  /// - Throws: ``WinRMError``; where that ``WinRMError/mayHaveHappened``, the command may run, and
  ///   starting it again may run it twice.
  public func start(_ line: CommandLine) async throws -> RunningCommand {
    if line.interpreter == .cmd {
      let count = line.arguments.reduce(line.command.utf16.count) { $0 + 1 + $1.utf16.count }
      guard count <= CommandLine.cmdLimit else {
        throw WinRMError(
          .badRequest, "could not start a command",
          "it has \(count) characters, and cmd takes \(CommandLine.cmdLimit)")
      }
    }
    let request = ShellRequest.command(line, in: id)
    switch try await client.answer(to: request) {
    case .started(let command): return RunningCommand(shell: self, id: command)
    case let other: throw WinRMError(unexpected: other, to: request)
    }
  }

  /// Removes the shell with all that runs in it; one that is gone already is no error.
  public func remove() async throws {
    let request = ShellRequest.delete(id)
    switch try await client.answer(to: request) {
    case .done: return
    case .fault(let fault) where fault.code == WSManFault.unknownCode: return
    case let other: throw WinRMError(unexpected: other, to: request)
    }
  }
}

/// A command that was started in a shell.
public struct RunningCommand: Sendable {
  /// The shell that it runs in.
  public let shell: WinRMShell
  /// What the machine calls it.
  public let id: CommandID

  /// How a command ended.
  public enum End: Sendable, Equatable {
    /// With this code: 32 bits, whose sign is for the reader (-1 is 4294967295).
    case exited(UInt32)
    /// The machine does not say: it had forgotten the command, or tells no code. Never a success.
    case unknown
  }

  /// Whether a command still reads its input.
  public enum InputState: Sendable, Equatable {
    /// It took the bytes.
    case taken
    /// It has ended, or closed its input.
    case closed
  }

  /// Gives bytes to the command's standard input, in as many requests as they need.
  /// - Throws: ``WinRMError``, or `CancellationError`.
  public func send(
    _ bytes: [UInt8], _ end: ShellRequest.InputEnd = .open
  ) async throws -> InputState {
    let limit = shell.client.inputLimit
    var rest = bytes[...]
    repeat {
      let part = Array(rest.prefix(limit))
      rest = rest.dropFirst(part.count)
      let request = ShellRequest.send(part, rest.isEmpty ? end : .open, to: id, in: shell.id)
      switch try await shell.client.answer(to: request) {
      case .done: continue
      case .fault(let fault) where fault.meansEnded: return .closed
      case let other: throw WinRMError(unexpected: other, to: request)
      }
    } while !rest.isEmpty
    return .taken
  }

  /// Hands over the output as it appears, and returns how the command ended.
  ///
  /// A silent command is asked for as long as it takes: limits are for the caller. A lost answer
  /// ends it, because what it held can't be had again.
  /// - Throws: ``WinRMError``, or `CancellationError`.
  public func follow(
    _ report: (CommandStream, [UInt8]) async throws -> Void
  ) async throws -> End {
    let following = CommandFollowing(id, in: shell.id)
    while true {
      let reply = try await shell.client.answer(to: following.request)
      let step = try following.take(reply)
      for part in step.output { try await report(part.stream, part.bytes) }
      if let end = step.end { return end }
    }
  }

  /// Tells the command something; one that has ended is no error.
  public func signal(_ signal: CommandSignal) async throws {
    let request = ShellRequest.signal(signal, id, in: shell.id)
    switch try await shell.client.answer(to: request) {
    case .done: return
    case .fault(let fault) where fault.meansEnded: return
    case let other: throw WinRMError(unexpected: other, to: request)
    }
  }
}

/// What follows from each answer to a Receive: the rule for reading a command's output, without a
/// connection.
struct CommandFollowing {
  private let command: CommandID
  private let shell: ShellID

  init(_ command: CommandID, in shell: ShellID) {
    self.command = command
    self.shell = shell
  }

  /// What to ask next.
  var request: ShellRequest { .receive(command, in: shell) }

  /// What one answer brought; ``request`` is to be sent again until there is an end.
  struct Step: Equatable {
    var output: [ReceivedOutput.Part] = []
    var end: RunningCommand.End?
  }

  func take(_ reply: ShellReply) throws(WinRMError) -> Step {
    switch reply {
    case .received(let received):
      switch received.state {
      case .running: return Step(output: received.parts)
      case .exited(let code): return Step(output: received.parts, end: .exited(code))
      case .endedWithoutCode: return Step(output: received.parts, end: .unknown)
      }
    case .fault(let fault) where fault.isTimeout: return Step()
    case .fault(let fault) where fault.code == WSManFault.unknownCode: return Step(end: .unknown)
    default: throw WinRMError(unexpected: reply, to: request)
    }
  }
}

extension WSManFault {
  /// Whether there is no such command any more, or it reads no input.
  fileprivate var meansEnded: Bool {
    code.map { $0 == Self.unknownCode || Self.pipeCodes.contains($0) } ?? false
  }
}

extension WinRMError {
  init(unexpected reply: ShellReply, to request: ShellRequest) {
    if case .fault(let fault) = reply {
      self.init(
        .refused, "could not \(request.name)", "the machine refused it: \(fault)", fault: fault,
        hint: fault.hint)
    } else {
      self.init(.badAnswer, "could not \(request.name)", "the answer is that to another request")
    }
  }
}
